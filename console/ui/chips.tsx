import { Badge, Group } from '@mantine/core'

/** A few short words; what does not fit is counted. */
export function Chips({ values, most = 4 }: { values: readonly string[]; most?: number }) {
  return (
    <Group gap={4} wrap="wrap">
      {values.slice(0, most).map((value) => (
        <Badge key={value} size="sm" color="gray" variant="light" tt="none" fw={500}>
          {value}
        </Badge>
      ))}
      {values.length > most && (
        <span className="quiet" style={{ fontSize: 12 }} title={values.slice(most).join(', ')}>
          +{values.length - most}
        </span>
      )}
    </Group>
  )
}
