// The chart as helm renders it.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { parseAllDocuments } = require('yaml');

const root = path.join(__dirname, '../..');
const chart = path.join(root, 'deploy/tagdrift');
const digest = `sha256:${'5'.repeat(64)}`;

function run(command, args, options = {}) {
  const ended = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000, ...options });
  if (ended.error) throw ended.error;
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}

/// Runs `helm COMMAND … --values -` with these values and an image.
function helm(command, args, values) {
  const image = { repository: 'registry.corp/tools/tagdrift', digest };
  return run('helm', [...command, chart, ...args, '--values', '-'], { input: JSON.stringify({ image, ...values }) });
}

/// The manifest's objects.
function parse(manifest) {
  return parseAllDocuments(manifest)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/// What `values` render to, as text. Throws helm's words where it refuses.
function manifest(values = {}) {
  const { code, out, err } = helm(['template', 'tagdrift'], ['--namespace', 'tools'], values);
  if (code !== 0) throw new Error(err);
  return out;
}

const rendered = new Map(); // helm takes a third of a second to start

function render(values = {}) {
  const key = JSON.stringify(values);
  if (!rendered.has(key)) rendered.set(key, parse(manifest(values)));
  return rendered.get(key);
}

const find = (objects, kind) => objects.find((object) => object.kind === kind);

/// Each switch of the chart, alone or with what it needs.
const switches = {
  'the defaults': {},
  'k3s': { node: { distribution: 'k3s' } },
  'RKE2': { node: { distribution: 'rke2' } },
  'microk8s': { node: { distribution: 'microk8s' } },
  'CRI-O': { node: { distribution: 'crio' } },
  'places of its own': {
    node: {
      runtimeSocket: '/run/k0s/containerd.sock',
      containerdConfig: '/etc/k0s/containerd.toml',
      paths: ['/etc/k0s', '/etc/ssl'],
      extraPaths: ['/opt/certs'],
      mountPropagation: 'None',
      proxy: { https: 'http://proxy.corp:3128', noProxy: '.corp,10.0.0.0/8' },
    },
  },
  'a proxy with a password': { node: { proxy: { existingSecret: 'proxy' } } },
  'registries': {
    registries: {
      interval: '30m',
      maxRate: 2.5,
      contact: 'mailto:infra@corp.example',
      ignore: ['*/ci/*', 'docker.io/library/busybox:*'],
      origins: { 'docker.io': 'https://registry-1.docker.io' },
      pullSecrets: ['pull-one', 'pull.two'],
      shareCredentials: ['mirror.corp:5000=docker.io'],
    },
    image: { repository: 'registry.corp/tools/tagdrift', tag: 'v1', pullSecrets: ['own'] },
  },
  'pods of the kubelet': { pods: 'kubelet' },
  'pods of the API server': { pods: 'api' },
  'actions': {
    actions: {
      enabled: ['refresh', 'prepull'],
      names: ['registry.corp/*'],
      allowTo: true,
      allowForce: true,
      allowPrivate: true,
      protect: ['*/pause:*'],
      diskThreshold: 80,
    },
  },
  'all actions on k3s': { actions: { enabled: ['all'] }, node: { distribution: 'k3s' } },
  'groups and SELinux': { access: { readerGroup: 5001, operatorGroup: 5002 }, seLinuxOptions: { type: 'spc_t' } },
  'TLS of a Secret': { tls: { enabled: true, secretName: 'agent', readers: ['*.corp'], operators: ['ops.corp'] } },
  'TLS by cert-manager': {
    tls: { enabled: true, readers: ['*'], certManager: { enabled: true, issuerRef: { name: 'corp', kind: 'ClusterIssuer' } } },
  },
  'monitoring': {
    monitoring: {
      podMonitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true, annotations: { folder: 'Nodes' } },
    },
  },
  'IPv6': { ipv6: true, monitoring: { podMonitor: { enabled: true } } },
  'no metrics': { metrics: { enabled: false } },
  'a Job beside the agents': { job: { enabled: true, node: 'node-7.corp', arguments: ['--in-use', '-o', 'json'] } },
  'a Job alone': { job: { enabled: true, node: 'node-7' }, daemonSet: { enabled: false }, serviceAccount: { create: false } },
};

module.exports = { chart, digest, find, helm, manifest, parse, render, root, run, switches };
