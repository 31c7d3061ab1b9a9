'use client';
import { useEffect, useRef } from 'react';
import { run } from '../page.js';

export default function Page() {
  const isStarted = useRef(false);
  useEffect(() => {
    if (isStarted.current) return;
    isStarted.current = true;
    run('/ctre.wasm');
  }, []);
  return <output />;
}
