/** Where the facts of the registry were read: `sources` of each provider names these codes. */
export const SOURCES: Readonly<Record<string, string>> = {
  A: 'vercel/ai, provider packages (2026-08-22, Apache-2.0)',
  D: 'models.dev, providers (2026-07-02, MIT)',
  E: 'envoyproxy/ai-gateway, list of integrations (v1.1, 2026-08-21, Apache-2.0)',
  G: '@pydantic/genai-prices 0.1.8 (2026-09-23, MIT)',
  K: 'general knowledge; the vendor’s own page was not read',
  L: 'LiteLLM 1.83.2, provider tables (MIT)',
  LD: 'LiteLLM, documentation of providers (2026-05-02)',
  M: '@mastra/core 1.71.0, provider registry (2026-09-27, Apache-2.0)',
  O: 'one-api, channel addresses (2025-02-21, MIT)',
  P: 'Portkey-AI/gateway, provider folders (1.15.2, 2026-05-25, MIT)',
}
