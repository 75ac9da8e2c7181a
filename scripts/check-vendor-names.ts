// A vendor is data in src/llm/providers. Code that all vendors share must not know any of them by name.
import { linesMatching, runRule, type Rule } from './rule.ts'

/** Names that are also names of wire formats (`openai`, `anthropic`, `gemini`) are only found where one is compared with. */
const VENDOR =
  /\b(mistral|groq|deepseek|bedrock|azure|vertex(ai)?|ollama|openrouter|perplexity|moonshot|dashscope|huggingface|cerebras|voyage|jina|xai|portkey|claude|gpt)/i
const COMPARED =
  /\b(provider|vendor|type|host\w*|base_?url)(\??\.(id|type|name|host\w*))?\)?\s*\.?\s*(===|!==|includes\(|startsWith\()\s*['"`](openai|anthropic|gemini|google|cohere)\b/i

export const vendorNames: Rule = {
  name: 'vendor names',
  files: 'src/{lib,snapshot,gateway,quota,record,control,store,http,config}/**/*.ts',
  skip: /\.test\.ts$/,
  atLeast: 3,
  find: (path, text) => {
    const code = text
      .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
      .replaceAll(/(^|\s)\/\/.*$/gm, '')
    const says = (match: string) => `shared code names a vendor ("${match}"): make it data in src/llm/providers`
    return [...linesMatching(path, code, VENDOR, says), ...linesMatching(path, code, COMPARED, says)]
  },
}

if (import.meta.main) await runRule(vendorNames)
