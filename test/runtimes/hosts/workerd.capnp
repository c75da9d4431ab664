using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .suite),
    # The service that a worker reaches by fetch; by itself it leads to public addresses only.
    (name = "internet", network = (allow = ["private"])),
  ],
);

const suite :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "../.cache/worker.mjs")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "CONTEXT", fromEnvironment = "CONTEXT"),
    (name = "SELF", service = "main"),
  ],
);
