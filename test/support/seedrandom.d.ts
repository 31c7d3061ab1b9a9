// One generator of seedrandom on its own: the package's main file pulls in all of them and Node's crypto.
declare module 'seedrandom/lib/alea.js' {
  interface Alea {
    (): number;
    double(): number;
  }
  export default function alea(seed: string): Alea;
}
