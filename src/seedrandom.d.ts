// One generator of seedrandom on its own: the package's main file pulls in all of them and Node's crypto.
declare module 'seedrandom/lib/alea.js' {
  interface Alea {
    (): number;
    double(): number;
    state(): Record<'c' | 's0' | 's1' | 's2', number>;
  }
  export default function alea(
    seed: string,
    options: { state: true | Readonly<Record<'c' | 's0' | 's1' | 's2', number>> },
  ): Alea;
}
