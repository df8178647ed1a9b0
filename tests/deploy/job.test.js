// deploy/job.sh with helm, kubectl and an API server that plays the Jobs' ends.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { digest, find, render, root } = require('./chart');
const { startApiServer } = require('./api_server');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'job-'));
after(() => fs.rmSync(folder, { recursive: true }));

/// What each node's Job comes to; `log` null: its pod is gone, as after its deadline.
const ends = {
  'fresh': { condition: 'Complete', log: '4 tags, all fresh\n\nnot listed: 4 fresh\n' },
  'stale.corp': { condition: 'Failed', log: 'tagdrift: a warning\n1 of 4 tags is stale\n\nmore\n' },
  'late': { condition: 'Failed', log: null },
  'blind': { condition: 'Failed', log: 'tagdrift: no such socket\n' },
};

/// Answers as a cluster of these nodes; `made` gets the Jobs, `selectors` those by which nodes are listed.
function cluster(made, selectors) {
  const at = (name) => made.find((job) => job.metadata.name === name);
  return (method, url, body) => {
    const [, resource, name, sub] = url.pathname.match(/\/(nodes|jobs|pods)(?:\/([^/]+))?(?:\/([^/]+))?$/) ?? [];
    if (resource === 'nodes') {
      selectors.push(url.searchParams.get('labelSelector'));
      const ready = (status) => ({ conditions: [{ type: 'Ready', status }] });
      const node = (name, status) => ({ kind: 'Node', apiVersion: 'v1', metadata: { name }, status: ready(status) });
      const up = Object.keys(ends).map((name) => node(name, 'True'));
      return { kind: 'NodeList', apiVersion: 'v1', items: [...up, node('down', 'Unknown')] };
    }
    if (resource === 'jobs' && method === 'POST') {
      const { condition } = ends[body.spec.template.spec.nodeName];
      body.spec.selector = { matchLabels: { job: body.metadata.name } };
      body.status = { conditions: [{ type: condition, status: 'True' }] };
      made.push(body);
      return body;
    }
    if (resource === 'jobs') {
      if (name) return at(name) ?? null;
      // A watch that begins with what there is. Nothing happens after that.
      const end = { metadata: { resourceVersion: '2', annotations: { 'k8s.io/initial-events-end': 'true' } } };
      const job = at(url.searchParams.get('fieldSelector').replace('metadata.name=', ''));
      return { events: [{ type: 'ADDED', object: job }, { type: 'BOOKMARK', object: { kind: 'Job', apiVersion: 'batch/v1', ...end } }] };
    }
    if (resource !== 'pods') return null;
    const owner = name ?? url.searchParams.get('labelSelector')?.replace('job=', '');
    const job = at(owner);
    const { log } = ends[job.spec.template.spec.nodeName];
    if (sub === 'log') return log;
    const metadata = { name: owner, namespace: job.metadata.namespace };
    const pod = { kind: 'Pod', apiVersion: 'v1', metadata, spec: job.spec.template.spec, status: {} };
    return name ? pod : { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: log === null ? [] : [pod] };
  };
}

/// Runs the script at a cluster of its own.
async function runJobs(...args) {
  const made = [];
  const selectors = [];
  const server = await startApiServer(cluster(made, selectors));
  const config = path.join(folder, 'config');
  fs.writeFileSync(config, JSON.stringify({
    'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'lab',
    'clusters': [{ name: 'lab', cluster: { server: server.url } }],
    'contexts': [{ name: 'lab', context: { cluster: 'lab', user: '' } }],
  }));
  const image = ['--set', `image.repository=registry.corp/tools/tagdrift,image.digest=${digest}`];
  const child = spawn(path.join(root, 'deploy/job.sh'), [...args, '--', ...image], {
    env: { ...process.env, KUBECONFIG: config },
    timeout: 60_000,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  const code = await new Promise((ended) => child.on('close', ended));
  server.close();
  return { code, made, selectors, lines: out.split('\n').filter(Boolean).sort(), err };
}

test('each ready node has its Job, tells its headline, and those that did not are named', async () => {
  const reports = path.join(folder, 'reports');
  const { code, made, lines, err } = await runJobs('--all', '--at-once', '2', '--reports', reports, '--namespace', 'tools');
  assert.deepStrictEqual(made.map((job) => job.spec.template.spec.nodeName).sort(), Object.keys(ends).sort());
  assert.ok(made.every((job) => job.metadata.namespace === 'tools'));
  assert.strictEqual(lines.length, 4, lines.join('\n'));
  assert.strictEqual(lines[0], 'blind: no report: tagdrift: no such socket');
  assert.strictEqual(lines[1], 'fresh: 4 tags, all fresh');
  assert.match(lines[2], /^late: no report: /);
  assert.strictEqual(lines[3], 'stale.corp: 1 of 4 tags is stale');
  assert.strictEqual(code, 2);
  assert.match(err, /no report of 2 of 4 nodes: (late blind|blind late)/);
  assert.strictEqual(fs.readFileSync(path.join(reports, 'stale.corp.txt'), 'utf8'), ends['stale.corp'].log);
});

/// The label selector that finds the nodes on which the DaemonSet's pods run.
function selectorOf({ nodeSelector, affinity }) {
  const [term] = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
  const others = term.matchExpressions.map(({ key, values: [value] }) => `${key}!=${value}`);
  return [...Object.entries(nodeSelector).map(([key, value]) => `${key}=${value}`), ...others].join(',');
}

test('all nodes are those of the DaemonSet', async () => {
  const { code, selectors } = await runJobs('--all');
  assert.strictEqual(code, 2);
  assert.deepStrictEqual(selectors, [selectorOf(find(render(), 'DaemonSet').spec.template.spec)]);
});

test('nodes by name', async () => {
  const { code, made, lines, err } = await runJobs('fresh', 'stale.corp');
  assert.strictEqual(code, 0, err);
  assert.deepStrictEqual(lines, ['fresh: 4 tags, all fresh', 'stale.corp: 1 of 4 tags is stale']);
  assert.strictEqual(new Set(made.map((job) => job.metadata.name)).size, 2);
});

for (const [args, reason] of [
  [[], /name nodes, or --all/],
  [['--all', 'fresh'], /either --all or nodes by name/],
  [['--at-once', '0', 'fresh'], /--at-once '0' is no number/],
  [['--what'], /no option '--what'/],
]) {
  test(`wrong usage: ${args.join(' ')}`, async () => {
    const { code, made, err } = await runJobs(...args);
    assert.strictEqual(code, 64);
    assert.match(err, reason);
    assert.strictEqual(made.length, 0);
  });
}
