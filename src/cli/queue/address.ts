import { CtreError } from '../../base/errors.ts';
import type { Option } from '../options.ts';

/** Where a queue is. Only `url` has a password. */
export interface QueueAddress {
  readonly url: string;
  /** The address as people may see it. */
  readonly shown: string;
}

/** The variable of the environment that may hold the password, so that lists of processes do not. */
const PASSWORD_VARIABLE = 'CTRE_QUEUE_PASSWORD';

const EXPECTED = 'expected one like redis://host:6379/0, or rediss:// for TLS';

/** The address of a queue's server. What is wrong with one is told without what may be a password. */
export function queueAddress(help: string): Option<QueueAddress> {
  return { value: 'url', help, read: (name, typed) => readAddress(name, typed) };
}

/** @throws CtreError `E_ARGUMENT` for what is none, `E_UNSUPPORTED` for that of another kind of server. */
export function readAddress(
  name: string,
  typed: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): QueueAddress {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url === undefined || !url.pathname.startsWith('/') === (url.pathname !== '')) {
    throw new CtreError('E_ARGUMENT', `${name} is no address of a server; ${EXPECTED}`);
  }
  if (/^postgres(ql)?:$/.test(url.protocol)) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `${name} names a PostgreSQL server, and sweeps need Redis or Valkey; ${EXPECTED}`,
    );
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new CtreError('E_ARGUMENT', `${name} starts with ${url.protocol}//; ${EXPECTED}`);
  }
  if (url.hostname === '' || !/^(\/\d{0,6})?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new CtreError('E_ARGUMENT', `${name} is no host, port and number of a database; ${EXPECTED}`);
  }
  const password = environment[PASSWORD_VARIABLE];
  if (url.password === '' && password !== undefined) url.password = encodeURIComponent(password);
  return { url: url.href, shown: withoutPassword(url.href) };
}

/** A text with the name and the password taken out of what may be an address in it. */
export function withoutPassword(text: string): string {
  return text.replace(/(\b[a-z][a-z\d+.-]*:\/\/)[^/?#"]*@/gi, '$1');
}
