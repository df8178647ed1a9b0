// What the chart renders, as a current kubectl sees it at a server with Kubernetes' OpenAPI document.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { manifest, parse, root, switches } = require('./chart');
const { startApiServer } = require('./api_server');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'manifests-'));
let server;
before(async () => (server = await startApiServer()));
after(() => {
  server.close();
  fs.rmSync(folder, { recursive: true });
});

/// Runs `kubectl apply --dry-run`, which validates every field.
function apply(...args) {
  return new Promise((ended) => {
    const dryRun = ['--server', server.url, 'apply', '--dry-run=client', '--validate=strict'];
    const child = spawn('kubectl', [...dryRun, ...args], { timeout: 60_000 });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += text));
    child.on('close', (code) => ended({ code, out }));
  });
}

test('every rendering is accepted', async () => {
  let objects = 0;
  const files = Object.values(switches).flatMap((values, index) => {
    const text = manifest(values);
    objects += parse(text).length;
    const file = path.join(folder, `${index}.yaml`);
    fs.writeFileSync(file, text);
    return ['-f', file];
  });
  const { code, out } = await apply(...files);
  assert.strictEqual(code, 0, out);
  assert.strictEqual(out.match(/created \(dry run\)/g).length, objects);
});

test('the kustomization is accepted', async () => {
  const { code, out } = await apply('-k', path.join(root, 'deploy'));
  assert.strictEqual(code, 0, out);
  assert.match(out, /^namespace\/tagdrift created.*\nserviceaccount\/tagdrift created.*\ndaemonset.apps\/tagdrift created/);
});

test('a kustomization of the user\'s names the image by digest', async () => {
  const digest = `sha256:${'7'.repeat(64)}`;
  const overlay = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [path.relative(folder, path.join(root, 'deploy'))],
    images: [{ name: 'registry.invalid/tagdrift', newName: 'registry.corp/tools/tagdrift', digest }],
  };
  fs.writeFileSync(path.join(folder, 'kustomization.yaml'), JSON.stringify(overlay));
  const { code, out } = await apply('-k', folder, '-o', 'json');
  assert.strictEqual(code, 0, out);
  const daemonSet = JSON.parse(out).items.find((object) => object.kind === 'DaemonSet');
  assert.strictEqual(daemonSet.spec.template.spec.containers[0].image, `registry.corp/tools/tagdrift@${digest}`);
});

// `field` stands before the line `place`.
for (const [what, values, place, field] of [
  ['a pull policy at the pod', {}, '      hostNetwork: true', '      imagePullPolicy: Always'],
  ['a security context\'s field at the container', {}, '          resources:', '          readOnlyRootFilesystem: true'],
  ['a pod\'s deadline misspelt', switches['a Job alone'], '  backoffLimit: 0', '  activeDeadline: 300'],
  ['rules of a role in its metadata', { pods: 'api' }, 'rules:', '  rules: []'],
]) {
  test(`a misplaced field fails: ${what}`, async () => {
    const good = manifest(values);
    assert.ok(good.includes(`\n${place}\n`));
    const file = path.join(folder, 'misplaced.yaml');
    fs.writeFileSync(file, good.replace(`\n${place}\n`, `\n${field}\n${place}\n`));
    const { code, out } = await apply('-f', file);
    assert.notStrictEqual(code, 0, out);
    assert.match(out, /unknown field/);
  });
}
