// The image, run by a real containerd as the DaemonSet's and the Job's pods would be: TAGDRIFT_IMAGE, the OCI layout of what the Dockerfile
// builds, or without it an image of what deploy/image-root.sh makes of TAGDRIFT_BINARY, as the Dockerfile has it.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { find, render, root, run } = require('./chart');
const { Node, Registry, folder, lab, makeImage, readImage, until, version } = require('./node');

const imageRoot = path.join(folder, 'image');
const layout = process.env.TAGDRIFT_IMAGE;
const binary = layout ? path.join(imageRoot, 'usr/local/bin/tagdrift') : process.env.TAGDRIFT_BINARY;
const reference = 'registry.corp/shop/app:v1';
let image;
let upstream;
let mirror;
let node;
let builds = [];

/// The chart's workload of that kind, with the image as it was pushed.
function workload(kind, values) {
  const pushed = { repository: `${upstream.host}/tools/tagdrift`, digest: image.digest };
  return find(render({ image: pushed, ...values }), kind);
}


before(async () => {
  assert.strictEqual(run('mount', ['--make-rshared', '/']).code, 0);
  fs.mkdirSync(path.join(folder, 'pause'), { recursive: true });
  if (layout) {
    image = readImage(layout, imageRoot);
  } else {
    const made = run(path.join(root, 'deploy/image-root.sh'), [binary, imageRoot]);
    assert.strictEqual(made.code, 0, made.err);
    image = makeImage(imageRoot, ['/usr/local/bin/tagdrift'], '2024-01-01T00:00:00Z', ['PATH=/usr/local/bin']);
  }
  fs.copyFileSync(path.join(lab, 'busybox/bin/busybox'), path.join(folder, 'pause/busybox'));
  builds = [1, 2].map((month) => makeImage(path.join(folder, 'pause'), ['/busybox', 'sleep', '100000'], `2024-0${month}-01T00:00:00Z`));
  upstream = await Registry.start('upstream');
  mirror = await Registry.start('mirror');
  await upstream.push('tools/tagdrift', 'latest', image);
  for (const registry of [upstream, mirror]) await registry.push('shop/app', 'v1', builds[0]);
  await upstream.push('pause', 'v1', builds[0]);
  node = await Node.start(`${upstream.host}/pause:v1`);
  fs.mkdirSync('/etc/containerd/certs.d/registry.corp');
  fs.writeFileSync('/etc/containerd/certs.d/registry.corp/hosts.toml',
    `server = "${upstream.url}"\n[host."${mirror.url}"]\n  capabilities = ["pull", "resolve"]\n`);
  await node.pull(reference);
  await upstream.push('shop/app', 'v1', builds[1]);
}, { timeout: 240_000 });

after(async () => {
  for (const server of [upstream?.child, mirror?.child, node?.runtime]) server?.kill('SIGKILL');
});

function http(port, where) {
  const answered = async (answer) => ({ ok: answer.ok, text: await answer.text() });
  return fetch(`http://127.0.0.1:${port}${where}`).then(answered, () => ({ ok: false }));
}

const ready = () => until('the agent\'s readiness', async () => (await http(9615, '/readyz')).ok);

/// What a report says of tags, without times.
const verdicts = (report) => JSON.parse(report).tags.map((tag) => [tag.reference, tag.verdict, tag.cause, tag.nextPull?.digest]).sort();

/// The same by the program on the node itself.
function onTheNode() {
  const { out } = run(binary, ['check', '--pods-from', 'none', '-o', 'json']);
  return verdicts(out);
}

test('the image is small, and has no shell', () => {
  const megabytes = Number(run('du', ['--summarize', '--apparent-size', '--block-size=1MB', imageRoot]).out.split('\t')[0]);
  console.log(`the image has ${megabytes} MB`);
  assert.ok(megabytes < 60);
  assert.ok(!fs.existsSync(path.join(imageRoot, 'bin')));
  assert.ok(fs.statSync(path.join(imageRoot, 'etc/ssl/certs/ca-certificates.crt')).size > 100_000);
});

test(`the DaemonSet's pod on containerd ${version}: the incident, metrics, containerd's restart`, async () => {
  const pod = await node.run(workload('DaemonSet'));
  await ready();

  const { pid } = await node.status(pod);
  console.log(`memory: ${/^VmHWM:\s+(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]} at most until the first report`);
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^CapBnd:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  const mounts = fs.readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  for (const place of ['/', '/host/etc', '/host/run/containerd']) {
    const mount = mounts.split('\n').map((line) => line.split(' ')).find((words) => words[4] === place);
    assert.match(mount[5], /^ro\b/, place);
  }

  const { code, out, err } = await node.exec(pod, 'tagdrift', 'check');
  assert.strictEqual(code, 1, err);
  assert.match(out, new RegExp(`^1 of 3 tags is stale.*behind ${mirror.host}`));
  assert.match(out, /why {3}STALE_MIRROR/);
  assert.deepStrictEqual(verdicts((await node.exec(pod, 'tagdrift', 'check', '-o', 'json')).out), onTheNode());
  assert.match((await http(9614, '/metrics')).text, /^tagdrift_registry_host_tags\{.*behind.*\} 1$/m);
  const refused = await node.exec(pod, 'tagdrift', 'refresh', '--yes', reference);
  assert.notStrictEqual(refused.code, 0);

  await node.restartRuntime();
  await upstream.push('shop/other', 'v1', builds[0]);
  await node.pull(`${upstream.host}/shop/other:v1`);
  await until('a pull after containerd\'s restart', async () => (await node.exec(pod, 'tagdrift', 'images')).out.includes('shop/other:v1'));
  await node.remove(pod);
}, { timeout: 240_000 });

test('the Job\'s pod tells the same and ends', async () => {
  const pod = await node.run(workload('Job', { job: { enabled: true, node: 'node-1', arguments: ['-o', 'json'] } }));
  const { exitCode } = await until('the Job\'s end', async () => {
    const status = await node.status(pod);
    return status.exited && status;
  });
  assert.strictEqual(exitCode, 0, 'what it finds is no failure of the Job');
  assert.deepStrictEqual(verdicts(node.log(pod)), onTheNode());
  await node.remove(pod);
}, { timeout: 240_000 });

/// Key and certificate of the lab's authority for `name`, as a Secret of these three files; the first makes the authority.
function issue(secret, name) {
  const place = path.join(folder, 'secrets', secret);
  const authority = path.join(folder, 'secrets/authority');
  const openssl = (...args) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const { code, err } = run('openssl', ['req', '-x509', ...key, ...args]);
    assert.strictEqual(code, 0, err);
  };
  fs.mkdirSync(place, { recursive: true });
  if (!fs.existsSync(`${authority}.crt`)) openssl('-subj', '/CN=lab', '-keyout', `${authority}.key`, '-out', `${authority}.crt`);
  openssl('-subj', '/O=lab', '-addext', `subjectAltName=DNS:${name}`, '-addext', 'basicConstraints=critical,CA:false',
    '-CA', `${authority}.crt`, '-CAkey', `${authority}.key`, '-keyout', `${place}/tls.key`, '-out', `${place}/tls.crt`);
  fs.copyFileSync(`${authority}.crt`, `${place}/ca.crt`);
  return place;
}

test('with TLS, whom the chart names may read; with actions on, refresh brings the origin\'s image past the mirror', async () => {
  const tls = { enabled: true, secretName: 'agent', readers: ['dashboard.corp'] };
  const values = { tls, actions: { enabled: ['refresh'], imageDir: folder } };
  const service = workload('Service', values).metadata;
  const name = `${service.name}.${service.namespace}.svc`;
  issue('agent', name);
  const pod = await node.run(workload('DaemonSet', values));
  await ready();
  const ask = (client) => run(binary, ['check', '--agent', '127.0.0.1:9616', '--tls-server-name', name, '--tls-ca', `${client}/ca.crt`,
    '--tls-cert', `${client}/tls.crt`, '--tls-key', `${client}/tls.key`]);
  const read = ask(issue('dashboard', 'dashboard.corp'));
  assert.match(read.out, /^1 of \d tags is stale/, read.err);
  assert.strictEqual(ask(issue('other', 'other.corp')).code, 2);

  const { code, out, err } = await node.exec(pod, 'tagdrift', 'refresh', '--yes', reference);
  assert.strictEqual(code, 0, out + err);
  const tag = onTheNode().find(([name]) => name === reference);
  assert.strictEqual(tag[1], 'VERDICT_FRESH');
  await node.remove(pod);
}, { timeout: 240_000 });
