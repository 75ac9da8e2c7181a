import {
  ActionIcon,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { type AliasView, createAlias, updateAlias } from '../../../src/contract/api/aliases.ts'
import { Strategy } from '../../../src/contract/routing.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { Icon } from '../../ui/icons.tsx'
import { useModelNames } from '../../ui/model-names.ts'
import { told } from '../../ui/toast.tsx'
import { RoutePicture } from './picture.tsx'
import { ALIASES_TEXT } from './text.ts'
import { useTraffic } from './traffic.ts'
import { type AliasValues, bodyOf, placeOf, valuesOf } from './values.ts'

/** Makes or changes an alias, with its picture redrawn as one types. */
export function AliasForm({
  view,
  onClose,
  onReload,
}: {
  view?: AliasView
  onClose: () => void
  onReload?: () => void
}) {
  const t = useText(ALIASES_TEXT)
  const common = useText(COMMON)
  const traffic = useTraffic()
  const place = (text: string) => (placeOf(text) ? null : t('badPlace'))
  const form = useForm<AliasValues>({
    mode: 'controlled',
    initialValues: valuesOf(view),
    validate: {
      name: (value) => (value.trim() ? null : common('required')),
      targets: { place },
      fallbacks: (values) => (values.every((text) => placeOf(text)) ? null : t('badPlace')),
      canary: (text) => (text ? place(text) : null),
      mirror: (text) => (text ? place(text) : null),
    },
  })
  // What is being typed is the best search: models are found as one writes.
  const [typed, type] = useState('')
  const names = useModelNames(typed, { aliases: false })
  const save = useMutation({
    mutationFn: (values: AliasValues) => {
      const { canary, mirror, ...body } = bodyOf(values, view)
      return view
        ? api(
            updateAlias,
            { params: { name: view.name }, body: { ...body, canary, mirror } },
            { version: view.version },
          )
        : api(createAlias, {
            body: { ...body, name: values.name.trim(), ...(canary ? { canary } : {}), ...(mirror ? { mirror } : {}) },
          })
    },
    onSuccess: (after) => {
      refresh('aliases')
      told(t('saved', { name: after.name }))
      onClose()
    },
    onError: (error) =>
      form.setErrors(
        Object.fromEntries(
          Object.entries(fieldErrors(error)).map(([name, text]) => [
            name.replace(/^(targets\.\d+)\..*$/, '$1.place'),
            text,
          ]),
        ),
      ),
  })
  const values = form.getValues()
  const { canary, mirror, ...drawn } = bodyOf(values, view)
  return (
    <FormFrame
      onSubmit={form.onSubmit((each) => save.mutate(each))}
      onCancel={onClose}
      busy={save.isPending}
      error={save.error}
      action={view ? common('save') : t('create')}
      {...(onReload ? { onReload } : {})}
    >
      {!view && (
        <TextInput
          label={t('name')}
          description={t('nameHint')}
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
      )}
      <SimpleGrid cols={values.strategy === 'sticky' ? 2 : 1}>
        <Select
          label={t('strategy')}
          data={Strategy.options.map((value) => ({ value, label: t(value) }))}
          {...form.getInputProps('strategy')}
        />
        {values.strategy === 'sticky' && (
          <TextInput label={t('stickyBy')} description={t('stickyHint')} {...form.getInputProps('sticky_by')} />
        )}
      </SimpleGrid>
      <Fieldset legend={t('targets')} p="sm">
        {values.targets.map((_, index) => (
          <Group key={index} gap="xs" align="flex-end" mb="xs" wrap="nowrap">
            <Autocomplete
              label={index === 0 ? t('place') : undefined}
              aria-label={`${t('target')} ${index + 1}`}
              data={names}
              limit={30}
              required
              style={{ flex: 1 }}
              {...form.getInputProps(`targets.${index}.place`)}
              onInput={(event) => type(event.currentTarget.value)}
            />
            <NumberInput
              label={index === 0 ? t('weight') : undefined}
              aria-label={`${t('weight')} ${index + 1}`}
              w={84}
              min={0}
              max={1000}
              {...form.getInputProps(`targets.${index}.weight`)}
            />
            <NumberInput
              label={index === 0 ? t('priorityField') : undefined}
              aria-label={`${t('priorityField')} ${index + 1}`}
              w={84}
              min={0}
              max={100}
              {...form.getInputProps(`targets.${index}.priority`)}
            />
            <ActionIcon
              size={34}
              aria-label={t('removeTarget', { n: index + 1 })}
              disabled={values.targets.length === 1}
              onClick={() => form.removeListItem('targets', index)}
            >
              <Icon name="trash" />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          leftSection={<Icon name="plus" />}
          onClick={() => form.insertListItem('targets', { place: '', weight: 1, priority: 0, kept: {} })}
        >
          {t('addTarget')}
        </Button>
      </Fieldset>
      <TagsInput
        label={t('fallbacks')}
        description={t('fallbacksHint')}
        data={names}
        limit={30}
        {...form.getInputProps('fallbacks')}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Autocomplete
          label={t('canary')}
          description={t('canaryHint')}
          data={names}
          limit={30}
          {...form.getInputProps('canary')}
        />
        <NumberInput
          label={`${t('canary')} %`}
          description=" "
          min={0}
          max={100}
          disabled={!values.canary}
          {...form.getInputProps('canary_percent')}
        />
        <Autocomplete
          label={t('mirror')}
          data={names}
          limit={30}
          {...form.getInputProps('mirror')}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <NumberInput
          label={`${t('mirror')} %`}
          min={0}
          max={100}
          disabled={!values.mirror}
          {...form.getInputProps('mirror_percent')}
        />
        <NumberInput label={t('attempts')} min={1} max={10} {...form.getInputProps('attempts')} />
        <NumberInput label={t('holdBack')} min={0} max={100} {...form.getInputProps('hold_back')} />
      </SimpleGrid>
      <Switch
        label={t('continueStreams')}
        description={t('continueStreamsHint')}
        {...form.getInputProps('continue_streams', { type: 'checkbox' })}
      />
      {drawn.targets.length > 0 && (
        <RoutePicture
          alias={{
            ...drawn,
            name: values.name || '…',
            retries: { attempts: values.attempts, max_wait_ms: 5000, backoff_ms: 250 },
            ...(canary ? { canary } : {}),
            ...(mirror ? { mirror } : {}),
          }}
          {...traffic}
        />
      )}
    </FormFrame>
  )
}
