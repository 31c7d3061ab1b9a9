export function inlineText(bytes: Iterable<number>): string;
