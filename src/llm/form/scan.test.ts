import * as fc from 'fast-check'
import { describe, expect, it } from 'bun:test'
import { AppError } from '../../errors.ts'
import { boundaryOf } from './head.ts'
import { scanForm, spliceModel } from './scan.ts'

const part = (head: string, content: string) => `--B\r\n${head}\r\n\r\n${content}\r\n`
const field = (name: string, content: string, more = '') =>
  part(`Content-Disposition: form-data; name="${name}"${more}`, content)
const FILE = part(
  'Content-Disposition: form-data; name="file"; filename="a \\ b.wav"\r\nContent-Type: audio/wav',
  'RIFF\0\r\n--\r\n\r\nname="model"\n--A',
)
const MODEL = field('model', 'fake/m')
const END = '--B--\r\n'

const told = (action: () => unknown) => {
  try {
    action()
  } catch (error) {
    if (error instanceof AppError) return `${error.details.field ?? '-'}: ${error.message}`
    throw error
  }
  return 'accepted'
}
const refusal = (form: string) => told(() => scanForm(Buffer.from(form, 'latin1'), 'B'))

describe('a form', () => {
  it('tells what the gateway reads', () => {
    const body = Buffer.from(FILE + field('prompt', 'Hi') + MODEL + field('stream', 'true') + field('user', 'ü') + END)
    const { request, texts, fileBytes } = scanForm(body, 'B')
    expect(request).toMatchObject({ model: 'fake/m', stream: true, user: 'ü', n: 1 })
    expect(body.toString('utf8', request.modelStart, request.modelEnd)).toBe('fake/m')
    expect(texts.map(({ name, start, end }) => [name, body.toString('utf8', start, end)])).toEqual([
      ['prompt', 'Hi'],
      ['user', 'ü'],
    ])
    expect(fileBytes).toBe(29)
    expect(scanForm(Buffer.from(FILE + END), 'B').request).toMatchObject({ model: undefined, modelStart: -1 })
  })

  it.each<[string, string]>([
    ['no line end behind the last boundary', `${MODEL}--B--`],
    ['nothing at all', END],
    ['names without quotes', part('content-disposition:form-data;name=model', 'm') + END],
    ['parameters in another order', part('Content-Disposition: form-data; filename=x; name="file"', 'm') + END],
    ['the same field twice that nobody reads', field('include[]', 'a') + field('include[]', 'b') + END],
    [
      'a length and a charset',
      part(
        'Content-Disposition: form-data; name="model"\r\nContent-Length: 1\r\nContent-Type: text/plain; charset=utf-8',
        'm',
      ) + END,
    ],
    ['an empty file', field('file', '', '; filename=""') + END],
    ['a filename in UTF-8', field('file', 'x', '; filename="Ã¼.wav"; filename*=UTF-8\'\'%C3%BC.wav') + END],
  ])('may have %s', (_, form) => expect(refusal(form)).toBe('accepted'))

  it.each<[string, string, RegExp]>([
    ['a model twice', MODEL + FILE + MODEL + END, /^model: "model" is given twice/],
    ['a model as a file', field('model', 'm', '; filename="m"') + END, /^model: .*not a file/],
    [
      'a model as a file with an encoded name',
      field('model', 'm', "; filename*=UTF-8''m") + END,
      /^model: .*not a file/,
    ],
    ['a model in capitals', field('MODEL', 'm') + END, /^model: .*plainly/],
    ['a model as a list', field('model[]', 'm') + END, /^model: .*plainly/],
    [
      'a model in base64',
      part('Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64', 'bQ==') + END,
      /^model: .*plain text/,
    ],
    [
      'a model in JSON',
      part('Content-Disposition: form-data; name="model"\r\nContent-Type: application/json', '"m"') + END,
      /^model: .*plain text/,
    ],
    [
      'a model in UTF-7',
      part('Content-Disposition: form-data; name="model"\r\nContent-Type: text/plain; charset=utf-7', 'm') + END,
      /^model: .*plain text/,
    ],
    ['a model on two lines', field('model', 'm\nn') + END, /^model: .*one line/],
    ['a model with a NUL', field('model', 'm\0') + END, /^model: .*one line/],
    ['a long model', field('model', 'm'.repeat(4097)) + END, /^model: .*4096/],
    ['a stream that is neither', field('stream', 'True') + END, /^stream: .*true or false/],
    ['a stream twice', field('stream', 'true') + field('stream', 'false') + END, /^stream: .*twice/],
    ['an escape in a name', field('mod\\el', 'm') + END, /different parsers/],
    ['a percent in a name', field('mod%65l', 'm') + END, /different parsers/],
    ['a space in a name', field('model ', 'm') + END, /different parsers/],
    ['no name', part('Content-Disposition: form-data', 'm') + END, /does not say/],
    ['an empty name', field('', 'm') + END, /different parsers/],
    ['two names', field('x', 'm', '; name="model"') + END, /does not say/],
    ['a name in pieces', part('Content-Disposition: form-data; name*0="mo"; name*1="del"', 'm') + END, /does not say/],
    ['an encoded name', part("Content-Disposition: form-data; name*=UTF-8''model", 'm') + END, /does not say/],
    ['a quote behind a backslash', field('file', 'm', '; filename="x\\"; name="model"') + END, /does not say/],
    ['another disposition', part('Content-Disposition: attachment; name="model"', 'm') + END, /does not say/],
    ['no disposition', part('Content-Type: text/plain', 'm') + END, /does not say/],
    [
      'two dispositions',
      part('Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="model"', 'm') + END,
      /header of a part/,
    ],
    ['a folded header', part('Content-Disposition: form-data;\r\n name="model"', 'm') + END, /header of a part/],
    [
      'a bare line feed in a head',
      part('X: y\nContent-Disposition: form-data; name="model"', 'm') + END,
      /header of a part/,
    ],
    [
      'a wrong length',
      part('Content-Disposition: form-data; name="x"\r\nContent-Length: 9', 'm') + END,
      /length of the part/,
    ],
    ['no end', FILE + MODEL, /before its last boundary/],
    ['a cut part', `${FILE}--B\r\nContent-Disp`, /before its last boundary/],
    ['nothing in it', '', /does not begin/],
    ['another boundary', END.replaceAll('B', 'C'), /does not begin/],
    ['a preamble', `\r\n${MODEL}${END}`, /does not begin/],
    ['an epilogue', MODEL + END + MODEL, /behind its last boundary/],
    ['spaces behind a boundary', `--B \r\n${MODEL.slice(5)}${END}`, /inside of a part/],
    [
      'bare line feeds around a boundary',
      `${field('x', '1').slice(0, -2)}\n--B\n${MODEL.slice(5)}${END}`,
      /inside of a part/,
    ],
    ['its boundary with more behind it', field('x', '1\r\n--BC\r\n2') + END, /inside of a part/],
    ['its boundary in the middle of a line', field('x', '1--B2') + END, /inside of a part/],
    [
      'its boundary in a head',
      part('Content-Disposition: form-data; name="x"; filename="--B"', '') + END,
      /inside of a part/,
    ],
    ['a part without a blank line', '--B\r\nContent-Disposition: form-data; name="x"\r\n--B--\r\n', /no head/],
    ['a long head', part(`X: ${'y'.repeat(9000)}`, '') + END, /longer than 8192/],
    ['257 parts', field('x', '').repeat(257) + END, /more than 256 parts/],
  ])('may not have %s', (_, form, problem) => expect(refusal(form)).toMatch(problem))

  it('is changed in its model alone', () => {
    const parts = fc.shuffledSubarray([FILE, MODEL, field('prompt', 'fake/m'), field('user', 'x')], { minLength: 4 })
    fc.assert(
      fc.property(parts, fc.stringMatching(/^[\w/:.-]{1,60}$/), (chosen, model) => {
        const body = Buffer.from(chosen.join('') + END)
        const { request } = scanForm(body, 'B')
        if (model.includes('--B')) return
        const text = Buffer.from(spliceModel(body, 'B', request, model)).toString()
        expect(text).toBe(chosen.join('').replace(MODEL, field('model', model)) + END)
      }),
    )
  })

  it('takes no model that holds its boundary', () => {
    const body = Buffer.from(MODEL + END)
    expect(told(() => spliceModel(body, 'B', scanForm(body, 'B').request, '--B--'))).toMatch(/choose another/)
  })
})

describe('a content-type', () => {
  it.each<[string, string | undefined]>([
    ['multipart/form-data; boundary=B', 'B'],
    ['Multipart/Form-Data;Boundary="a b:c"', 'a b:c'],
    ['multipart/form-data; charset=utf-8; boundary=----formdata-undici-0123', '----formdata-undici-0123'],
    ['multipart/form-data; boundary====1==', '===1=='],
    ['application/json', undefined],
    ['multipart/mixed; boundary=B', undefined],
    ['multipart/form-datax; boundary=B', undefined],
    ['', undefined],
  ])('%s', (type, boundary) => expect(boundaryOf(type)).toBe(boundary!))

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="B "',
    'multipart/form-data; boundary=A; boundary=B',
    "multipart/form-data; boundary=A; boundary*=UTF-8''B",
    'multipart/form-data; boundary="A\\"; boundary=B"',
    'multipart/form-data, boundary=B',
    'multipart/form-data; boundary=B; x="é"',
    `multipart/form-data; boundary=${'B'.repeat(71)}`,
  ])('%s is refused', (type) => expect(told(() => boundaryOf(type))).toMatch(/boundary/))
})
