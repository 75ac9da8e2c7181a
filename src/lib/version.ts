import manifest from '../../package.json' with { type: 'json' }

/** The version of the package. Nothing else reads its manifest. */
export const version: string = manifest.version
