/** The events of a text of server-sent events, read without the product's own parser. */
export function eventsOf(text: string): { readonly event: string; readonly data: string }[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      let event = ''
      const data: string[] = []
      for (const line of block.split('\n')) {
        if (line.startsWith('event: ')) event = line.slice(7)
        else if (line.startsWith('data: ')) data.push(line.slice(6))
        else throw new Error(`a line that is neither event nor data: ${line.slice(0, 80)}`)
      }
      return { event, data: data.join('\n') }
    })
}
