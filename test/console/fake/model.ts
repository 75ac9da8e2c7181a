/** Text that a careless console would run: it is put wherever people and models can write. */
export const XSS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '[click](javascript:alert(1))',
  '![x](javascript:alert(1))',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  'javascript:alert(1)',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '`<img src=x onerror=alert(1)>`',
  '<details open ontoggle=alert(1)>',
  '[a](  JaVaScRiPt:alert(1) "t")',
  '<math><mtext></p><img src=x onerror=alert(1)>',
  '| a | <img src=x onerror=alert(1)> |\n|---|---|\n| [b](vbscript:x) | c |',
]

const ANSWER = `**High water** comes about every 12 h 25 min, because the Moon moves on while the Earth turns.

| port | high water | height |
|---|---|---|
| Dover | 11:42 | 6.1 m |
| Brest | 04:08 | 6.9 m |

1. Take the time of high water.
2. Add *secondary port* differences.

\`\`\`python
def next_high(previous):
    return previous + timedelta(hours=12, minutes=25)
\`\`\`

See [the tide tables](https://tides.example/).`

/** What the fake's model answers: every kind of Markdown, or every attack. */
export function chat(xss: boolean, body: { stream?: boolean }): Response {
  const text = xss ? XSS.join('\n\n') : ANSWER
  const headers = { 'x-request-id': 'req_01JD00000003' }
  if (!body.stream)
    return Response.json({ choices: [{ message: { content: text }, finish_reason: 'stop' }] }, { headers })
  const pieces = text.match(/[\s\S]{1,9}/g) ?? []
  const events = pieces.map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
  return new Response(
    `${events.join('')}data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
    {
      headers: { ...headers, 'content-type': 'text/event-stream' },
    },
  )
}
