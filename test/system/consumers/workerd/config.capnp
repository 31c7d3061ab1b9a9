using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(
    name = "main",
    worker = (
      modules = [
        (name = "main.js", esModule = embed "out/main.js"),
        (name = "ctre.wasm", wasm = embed "out/ctre.wasm"),
      ],
      compatibilityDate = "2026-11-01",
    ),
  )],
);
