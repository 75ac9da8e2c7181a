import { openApiDocument } from './openapi.ts'

type Json = Record<string, unknown>

let page: string | undefined

/** A reference that needs no script and no other host. */
export function docsPage(): Response {
  page ??= render(openApiDocument())
  return new Response(page, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${digest(STYLE)}'; frame-ancestors 'none'; base-uri 'none'`,
    },
  })
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code,pre{font:14px/1.5 ui-monospace,monospace}pre{overflow:auto;padding:1rem;border:1px solid #8886;border-radius:6px}
details{margin:.5rem 0;padding:.5rem .75rem;border:1px solid #8886;border-radius:6px}summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem}
h2{margin-top:2rem;text-transform:capitalize}`

function digest(text: string): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('base64')
}

function render(document: Json): string {
  const byTag = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(document['paths'] as Record<string, Record<string, Json>>)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [tag = 'other'] = operation['tags'] as string[]
      byTag.set(tag, [...(byTag.get(tag) ?? []), renderOperation(method, path, operation)])
    }
  }
  const sections = [...byTag].map(([tag, items]) => `<h2>${escape(tag)}</h2>${items.join('')}`).join('')
  const { title, description } = document['info'] as { title: string; description: string }
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><h1>${title}</h1><p>${escape(description)}</p><p>Base path <code>/api/v1</code>. Whole document: <a href="/api/v1/openapi.json">openapi.json</a>.</p>${sections}</body></html>`
}

function renderOperation(method: string, path: string, { summary, description, ...rest }: Json): string {
  const { operationId: _id, tags: _tags, ...shown } = rest
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${escape(path)}</code> ${escape(String(summary))}</summary><p>${escape(String(description))}</p><pre>${escape(JSON.stringify(shown, null, 2))}</pre></details>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
