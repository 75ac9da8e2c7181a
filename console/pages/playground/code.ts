const pretty = (body: unknown) => JSON.stringify(body, null, 2)

const indent = (text: string, by: string) => text.replaceAll('\n', `\n${by}`)

/** JSON as a Python literal: quoted text stays as it is. */
export function toPython(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) =>
    token === 'true' ? 'True' : token === 'false' ? 'False' : token === 'null' ? 'None' : token,
  )
}

/** One request as code that runs as pasted, with the key left to the environment. */
export function asCode(origin: string, body: Readonly<Record<string, unknown>>) {
  const json = pretty(body)
  const line = JSON.stringify(body)
  const shell = line.length < 240 ? line : json
  const { model, messages, ...rest } = body
  const args = Object.entries({ model, messages, ...rest })
    .map(([name, value]) => `    ${name}=${indent(toPython(pretty(value) ?? 'None'), '    ')},`)
    .join('\n')
  return {
    curl: `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer $PORTREEVE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${shell.replaceAll("'", String.raw`'\''`)}'`,
    python: `# pip install openai
import os
from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ["PORTREEVE_KEY"])
${body['stream'] ? 'stream' : 'answer'} = client.chat.completions.create(
${args}
)
${
  body['stream']
    ? 'for event in stream:\n    if event.choices:\n        print(event.choices[0].delta.content or "", end="", flush=True)'
    : 'print(answer.choices[0].message.content)'
}`,
    typescript: `// npm install openai
import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.PORTREEVE_KEY })
const ${body['stream'] ? 'stream' : 'answer'} = await client.chat.completions.create(${json})
${
  body['stream']
    ? "for await (const event of stream) process.stdout.write(event.choices[0]?.delta?.content ?? '')"
    : 'console.log(answer.choices[0].message.content)'
}`,
  }
}
