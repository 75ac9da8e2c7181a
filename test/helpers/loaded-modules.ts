// Preloaded into a process under test: on SIGUSR2 its main thread prints which modules it has loaded, as one line with its number.
if (Bun.isMainThread) {
  const { pid } = process
  process.stderr.write(`modules of ${pid} can be asked\n`)
  process.on('SIGUSR2', () => {
    process.stderr.write(`modules of ${pid}: ${JSON.stringify(Object.keys(require.cache))}\n`)
  })
}
