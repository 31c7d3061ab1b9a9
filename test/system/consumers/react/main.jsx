// A component that trains in a worker while it is shown, in strict mode: React mounts it twice while developing. It
// is shown and taken away twenty times, sooner and later than the worker is ready.
import { WorkerModel } from 'ctre';
import { syntheticDataset } from 'ctre/data';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const { x, labels } = syntheticDataset({ rows: 300, informative: 3, redundant: 3, noise: 14, seed: 7 });
const layers = [x.cols, 60, 40, 2];
const TOGGLES = 20;

function Training({ onTrained, onError }) {
  useEffect(() => {
    let isGone = false;
    let model;
    async function train() {
      model = await WorkerModel.create({ layers, epsilon: 5, seed: 7 });
      if (isGone) return model.dispose();
      const { epochs } = await model.fit(x, labels, { epochs: 5, batchSize: 100 });
      onTrained(epochs.map(({ loss }) => loss));
    }
    train().catch((error) => {
      // What was still to come when the component went.
      if (!isGone) onError(error);
    });
    return () => {
      isGone = true;
      model?.dispose();
    };
  }, [onTrained, onError]);
  return <p>Training</p>;
}

const trained = [];
const errors = [];
const onTrained = (losses) => trained.push(losses);
const onError = (error) => errors.push(String(error));

function App() {
  const [toggles, setToggles] = useState(0);
  useEffect(() => {
    if (toggles === TOGGLES) return;
    // At once, while the worker starts, while it trains, and in the end when it has trained.
    const isLast = toggles === TOGGLES - 1;
    const before = trained.length;
    const goOn = () => {
      if (!isLast || trained.length > before) setToggles(toggles + 1);
    };
    const timer = setInterval(goOn, isLast ? 100 : [0, 20, 100, 300][toggles % 4]);
    return () => clearInterval(timer);
  }, [toggles]);
  useEffect(() => {
    if (toggles < TOGGLES) return;
    document.querySelector('output').textContent = JSON.stringify({ toggles, trained, errors });
  }, [toggles]);
  return toggles % 2 === 1 ? <Training onTrained={onTrained} onError={onError} /> : <p>Nothing</p>;
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
