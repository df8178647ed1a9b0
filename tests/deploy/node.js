// A node in tests/lab/sandbox.sh: containerd at its usual places, registries on loopback, and a kubelet that runs pods as rendered.
const { spawn, spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const lab = process.env.TAGDRIFT_LAB_DIR ?? path.join(__dirname, '../../build/lab');
const version = process.env.TAGDRIFT_LAB_CONTAINERD ?? '2';
const socket = '/run/containerd/containerd.sock';
const folder = '/run/tmp/node';

/// Waits until `done` answers something that is true, and gives that.
async function until(what, done) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await done();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited a minute for ${what}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

function freePort() {
  return new Promise((found) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

function daemon(name, command, args, environment = {}) {
  const log = fs.openSync(path.join(folder, `${name}.log`), 'a');
  return spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...environment } });
}

const ended = (child) => new Promise((done) => child.on('exit', done));

// --- images and registries ---

const sha256 = (bytes) => `sha256:${crypto.createHash('sha256').update(bytes).digest('hex')}`;

/// An image of one layer: the tree of `root`, with this entry point. `created` tells one from another.
function makeImage(root, entrypoint, created = '2024-01-01T00:00:00Z', environment = []) {
  const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const { stdout: layer, status } = spawnSync('tar', ['--create', ...reproducible, '-C', root, '.'], { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`tar of ${root}`);
  const config = Buffer.from(JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created,
    config: { Entrypoint: entrypoint, Env: environment },
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  }));
  const kind = 'application/vnd.oci.image.';
  const descriptor = (bytes, type) => ({ mediaType: kind + type, digest: sha256(bytes), size: bytes.length });
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2,
    mediaType: `${kind}manifest.v1+json`,
    config: descriptor(config, 'config.v1+json'),
    layers: [descriptor(layer, 'layer.v1.tar')],
  }));
  return { manifest, digest: sha256(manifest), blobs: [config, layer] };
}

/// The image of an OCI layout, unpacked into `into` too.
function readImage(layout, into) {
  const blob = (descriptor) => fs.readFileSync(path.join(layout, 'blobs', descriptor.digest.replace(':', '/')));
  const [entry] = JSON.parse(fs.readFileSync(path.join(layout, 'index.json'), 'utf8')).manifests;
  const manifest = blob(entry);
  const { config, layers } = JSON.parse(manifest);
  fs.mkdirSync(into, { recursive: true });
  for (const layer of layers.map(blob)) {
    if (spawnSync('tar', ['--extract', '--gzip', '-C', into], { input: layer }).status !== 0) throw new Error(`unpacking ${layout}`);
  }
  return { manifest, digest: entry.digest, blobs: [config, ...layers].map(blob) };
}

class Registry {
  static async start(name) {
    const registry = new Registry();
    registry.host = `127.0.0.1:${await freePort()}`;
    registry.url = `http://${registry.host}`;
    const config = path.join(folder, `${name}.yml`);
    fs.writeFileSync(config, JSON.stringify({
      version: 0.1,
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: path.join(folder, name) } },
      http: { addr: registry.host, secret: 'lab' },
    }));
    registry.child = daemon(name, path.join(lab, 'registry/usr/bin/docker-registry'), ['serve', config], { OTEL_TRACES_EXPORTER: 'none' });
    await until(name, () => fetch(`${registry.url}/v2/`).then((answer) => answer.ok, () => false));
    return registry;
  }

  async push(repository, tag, image) {
    const send = async (method, url, body, type) => {
      const answer = await fetch(url, { method, body, headers: type ? { 'content-type': type } : {} });
      if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
      return answer;
    };
    for (const blob of image.blobs) {
      const begun = await send('POST', `${this.url}/v2/${repository}/blobs/uploads/`);
      const place = new URL(begun.headers.get('location'), this.url);
      place.searchParams.set('digest', sha256(blob));
      await send('PUT', place, blob, 'application/octet-stream');
    }
    await send('PUT', `${this.url}/v2/${repository}/manifests/${tag}`, image.manifest, 'application/vnd.oci.image.manifest.v1+json');
  }
}

// --- containerd and the kubelet ---

class Node {
  /// `pause`: the reference of the image that holds a pod's namespaces.
  static async start(pause) {
    const node = new Node();
    fs.mkdirSync('/etc/containerd/certs.d', { recursive: true });
    fs.writeFileSync('/etc/containerd/config.toml', `version = 2
root = "${folder}/root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${folder}/cni/bin"
    conf_dir = "${folder}/cni/conf"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`);
    await node.startRuntime();
    return node;
  }

  async startRuntime() {
    const programs = path.join(lab, `containerd-${version}/usr/bin`);
    this.runtime = daemon('containerd', path.join(programs, 'containerd'), [], {
      PATH: [programs, path.join(lab, 'runc/usr/sbin'), process.env.PATH].join(':'),
    });
    const types = loader.loadSync(path.join(__dirname, '../lab/proto/lab_cri.proto'), { keepCase: true, longs: Number, defaults: true });
    const connect = (service) => {
      const methods = Object.entries(types[`tagdrift.lab.cri.${service}`])
        .map(([method, definition]) => [method, { ...definition, path: `/runtime.v1.${service}/${method}` }]);
      const Client = grpc.makeClientConstructor(Object.fromEntries(methods), service);
      return new Client(`unix://${socket}`, grpc.credentials.createInsecure());
    };
    const clients = [connect('RuntimeService'), connect('ImageService')];
    this.call = (method, request) => new Promise((answer, fail) => {
      const client = clients.find((candidate) => candidate[method]);
      client[method](request, (error, response) => (error ? fail(new Error(`${method}: ${error.message}`)) : answer(response)));
    });
    await until('containerd', () => this.call('Version', {}).then(() => true, () => false));
  }

  async restartRuntime() {
    const end = ended(this.runtime);
    this.runtime.kill('SIGKILL');
    await end;
    await this.startRuntime();
  }

  pull(reference) {
    return this.call('PullImage', { image: { image: reference } });
  }

  /// Starts the pod of a rendered workload, as the kubelet of node-1 would. Secrets are folders below `folder`/secrets.
  async run(workload) {
    const spec = workload.spec.template.spec;
    const container = spec.containers[0];
    const name = workload.metadata.name;
    const fields = { 'spec.nodeName': 'node-1', 'status.hostIP': '127.0.0.1' };
    const environment = {};
    for (const variable of container.env) environment[variable.name] = variable.value ?? fields[variable.valueFrom.fieldRef.fieldPath];
    const expand = (text) => text.replace(/\$\((\w+)\)/g, (whole, key) => environment[key] ?? whole);
    const places = {};
    for (const { name: volume, hostPath, secret } of spec.volumes) {
      places[volume] = secret ? path.join(folder, 'secrets', secret.secretName) : hostPath.path;
      if (hostPath?.type === 'DirectoryOrCreate') fs.mkdirSync(hostPath.path, { recursive: true });
    }
    const namespaces = { network: spec.hostNetwork ? 2 : 0, pid: 1, ipc: 0 };
    const security = container.securityContext;
    if (security.seccompProfile.type !== 'RuntimeDefault') throw new Error('no other seccomp profile is known here');
    const sandbox = {
      metadata: { name, uid: crypto.randomUUID(), namespace: workload.metadata.namespace },
      log_directory: path.join(folder, 'logs'),
      linux: { cgroup_parent: `/${process.env.TAGDRIFT_LAB_CGROUP}`, security_context: { namespace_options: namespaces, seccomp: {} } },
    };
    await this.pull(container.image);
    const { pod_sandbox_id } = await this.call('RunPodSandbox', { config: sandbox });
    const { container_id } = await this.call('CreateContainer', {
      pod_sandbox_id,
      sandbox_config: sandbox,
      config: {
        metadata: { name: container.name },
        image: { image: container.image },
        args: container.args.map(expand),
        envs: Object.entries(environment).map(([key, value]) => ({ key, value })),
        mounts: container.volumeMounts.map((mount) => ({
          container_path: mount.mountPath,
          host_path: places[mount.name],
          readonly: mount.readOnly,
          propagation: mount.mountPropagation === 'HostToContainer' ? 1 : 0,
        })),
        log_path: `${name}.log`,
        linux: {
          security_context: {
            capabilities: { drop_capabilities: security.capabilities.drop },
            namespace_options: namespaces,
            run_as_user: { value: security.runAsUser },
            run_as_group: { value: security.runAsGroup },
            readonly_rootfs: security.readOnlyRootFilesystem,
            no_new_privs: !security.allowPrivilegeEscalation,
            seccomp: {},
          },
        },
      },
    });
    await this.call('StartContainer', { container_id });
    return { pod_sandbox_id, container_id, log: path.join(sandbox.log_directory, `${name}.log`) };
  }

  async status(pod) {
    const { status, info } = await this.call('ContainerStatus', { container_id: pod.container_id, verbose: true });
    return { exited: status.state === 2, exitCode: status.exit_code, pid: JSON.parse(info.info).pid };
  }

  /// `kubectl exec`: {code, out, err}.
  async exec(pod, ...cmd) {
    const { stdout, stderr, exit_code } = await this.call('ExecSync', { container_id: pod.container_id, cmd, timeout: 60 });
    return { code: exit_code, out: stdout.toString(), err: stderr.toString() };
  }

  /// `kubectl logs`, of standard output.
  log(pod) {
    const lines = fs.existsSync(pod.log) ? fs.readFileSync(pod.log, 'utf8').split('\n') : [];
    return lines.flatMap((line) => /^\S+ stdout [FP] (.*)$/.exec(line)?.[1] ?? []).join('\n');
  }

  async remove(pod) {
    await this.call('StopPodSandbox', { pod_sandbox_id: pod.pod_sandbox_id });
    await this.call('RemovePodSandbox', { pod_sandbox_id: pod.pod_sandbox_id });
  }
}

module.exports = { Node, Registry, folder, lab, makeImage, readImage, until, version };
