export { readRunning } from '../control/data-folder.ts'
