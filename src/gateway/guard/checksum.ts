// Check digits: what tells a number of some kind from any other number.

/** Luhn, as payment cards have it. `digits` holds digits only. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    let digit = digits.charCodeAt(digits.length - 1 - index) - 48
    if (index % 2 === 1) {
      digit *= 2
      if (digit > 9) digit -= 9
    }
    sum += digit
  }
  return sum % 10 === 0
}

/** ISO 7064 mod 97-10, as IBANs have it: letters count as 10 to 35, the first four characters are read last. */
export function passesIban(iban: string): boolean {
  const turned = iban.slice(4) + iban.slice(0, 4)
  let rest = 0
  for (const character of turned) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** ISO 7064 mod 11-2, as Chinese identity numbers have it. */
export function passesMod11Two(text: string): boolean {
  let rest = 0
  for (const character of text.slice(0, -1)) rest = ((rest + Number(character)) * 2) % 11
  const check = (12 - rest) % 11
  return text.at(-1)!.toUpperCase() === (check === 10 ? 'X' : String(check))
}

const VERHOEFF_TURN = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
]

/** Verhoeff, as Indian Aadhaar numbers have it: multiplication in the dihedral group of order ten. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(VERHOEFF_TURN[index % 8]![Number(digits[digits.length - 1 - index])])
    check = multiplyInD5(check, digit)
  }
  return check === 0
}

function multiplyInD5(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)
  return b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 10) % 5
}

/** Brazil's CPF: two check digits by weights falling to 2. */
export function passesCpf(digits: string): boolean {
  if (/^(\d)\1*$/.test(digits)) return false
  for (const length of [9, 10]) {
    let sum = 0
    for (let index = 0; index < length; index++) sum += Number(digits[index]) * (length + 1 - index)
    if (((sum * 10) % 11) % 10 !== Number(digits[length])) return false
  }
  return true
}

/** France's NIR: the last two digits are 97 minus the rest of the others by 97. */
export function passesNir(digits: string): boolean {
  return 97 - Number(BigInt(digits.slice(0, 13)) % 97n) === Number(digits.slice(13))
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'

/** Spain's DNI and NIE: a letter by the rest by 23. */
export function passesDni(text: string): boolean {
  const number = text.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))
  return DNI_LETTERS[Number(number) % 23] === text.at(-1)
}

const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

/** Italy's codice fiscale: a letter by the sum of values that differ for odd and even places. */
export function passesCodiceFiscale(text: string): boolean {
  let sum = 0
  for (let index = 0; index < 15; index++) {
    const code = text.charCodeAt(index)
    const value = code < 65 ? code - 48 : code - 65
    sum += index % 2 === 0 ? ODD_VALUES[value]! : value
  }
  return String.fromCharCode(65 + (sum % 26)) === text[15]
}
