import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { ReactNode, Ref } from 'react'

type Shared = { ref?: Ref<HTMLAnchorElement>; children?: ReactNode }

function PlainAnchor(props: Omit<AnchorProps, 'href'> & Shared) {
  return <Anchor size="sm" {...props} />
}

function AnchorButton(props: Omit<ButtonProps, 'href'> & Shared) {
  return <Button component="a" {...props} />
}

/** Links to rooms, typed by the routes, that look like text or like a button. */
export const TextLink = createLink(PlainAnchor)
export const ButtonLink = createLink(AnchorButton)
