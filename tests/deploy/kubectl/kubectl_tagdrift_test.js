// deploy/kubectl-tagdrift by a real kubectl, against an API server of our own that executes in pods over SPDY. What the agents' pods
// print are screens of tests/data/explain, which other tests hold to the program; lab.kubectl_tagdrift has real agents there.
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {after, before, describe, test} = require('node:test');
const {startApiServer} = require('./api_server.js');
const {agent, node, pod, workload} = require('./cluster.js');

const root = path.join(__dirname, '../../..');
const kubectl = process.env.TAGDRIFT_KUBECTL ?? path.join(root, 'build/lab/kubectl/usr/bin');  // its folder
const screen = (name) => fs.readFileSync(path.join(root, 'tests/data/explain', `${name}.txt`), 'utf8');
const stale = {out: screen('stale_mirror'), code: 1};
const fresh = {out: screen('fresh'), code: 0};
const undecided = {out: screen('denied'), code: 2};
const socket = (role) => ['--agent', `unix:///run/tagdrift/${role}.sock`];

// At a time: most of a test is waiting for kubectl.
const concurrency = {concurrency: 3};

let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kubectl-tagdrift-')); });
after(() => fs.rmSync(folder, {recursive: true}));

function writeConfig(address) {
  const home = fs.mkdtempSync(path.join(folder, 'home-'));
  fs.writeFileSync(path.join(home, 'config'), JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{name: 'lab', cluster: {server: address}}, {name: 'none', cluster: {server: 'http://127.0.0.1:1'}}],
    contexts: [{name: 'lab', context: {cluster: 'lab', namespace: 'shop'}}, {name: 'none', context: {cluster: 'none'}}],
    'current-context': 'lab',
  }));
  return home;
}

function collect(stream) {
  const parts = [];
  stream.setEncoding('utf8').on('data', (part) => parts.push(part));
  return parts;
}

// Runs the plugin in a cluster, as kubectl does or by kubectl. `answers`: by the agent's node what its program does, or a function of the
// plugin's process that promises it. `commands` of the result are what was executed, by node.
async function run(words, {objects = [], answers = {}, program = ['kubectl-tagdrift']} = {}) {
  const commands = {};
  const server = await startApiServer(objects, ({name, container}, command) => {
    assert.equal(container, 'tagdrift');
    const place = name.replace('tagdrift-', '');
    (commands[place] ??= []).push(command);
    return typeof answers[place] === 'function' ? answers[place](child) : answers[place];
  });
  const home = writeConfig(server.url);
  const child = childProcess.spawn(program[0], [...program.slice(1), ...words], {
    env: {PATH: `${path.join(root, 'deploy')}:${kubectl}:/usr/bin:/bin`, HOME: home, KUBECONFIG: path.join(home, 'config'), TMPDIR: home},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise((resolve) => child.on('close', resolve));
  server.close();
  assert.deepEqual(fs.readdirSync(home).filter((name) => name.startsWith('tmp.')), []);
  return {code, commands, out: out.join(''), err: err.join(''), line: out.join('').split('\n')[0]};
}

const three = [node('a'), node('b'), node('c'), agent('a'), agent('b'), agent('c')];

describe('kubectl tagdrift', concurrency, () => {
  test('names the node that differs, and explains each answer once', async () => {
    const objects = [...three, workload('Deployment'), pod('web-1', 'a'), pod('web-2', 'b'), pod('web-3', 'c')];
    const other = {...stale, out: stale.out.replaceAll('(4 ms)', '(9 ms)')};
    const ran = await run(['explain', 'deploy/web'], {objects, answers: {a: stale, b: fresh, c: other}, program: ['kubectl', 'tagdrift']});
    assert.equal(ran.line, 'deployment shop/web: 1 of 3 nodes differs: b');
    assert.equal(ran.code, 1);
    assert.match(ran.out, /^b     FRESH: this node has what registry\.corp:5000 has \(web-2\)$/m);
    assert.deepEqual(ran.out.match(/^== .*$/gm), ['== a, c', '== b']);
    assert.ok(ran.out.includes(stale.out) && ran.out.includes(fresh.out));
    assert.deepEqual(ran.commands.a,
        [['tagdrift', 'explain', ...socket('reader'), '--timeout', '120s', '-o', 'table', '--pod', 'shop/web-1']]);
    assert.equal(ran.err, '');
  });

  test('tells nodes apart by digests where verdicts are the same', async () => {
    const objects = [...three, workload('Deployment'), pod('web-1', 'a'), pod('web-2', 'b'), pod('web-3', 'c')];
    const older = {...stale, out: stale.out.replaceAll('94ca65e6caf0', '0123456789ab')};
    const ran = await run(['explain', 'deploy/web'], {objects, answers: {a: stale, b: stale, c: older}});
    assert.equal(ran.line, 'deployment shop/web: 1 of 3 nodes differs: c');
  });

  test('says so where all nodes answer the same', async () => {
    const owner = {kind: 'StatefulSet', name: 'web'};
    const objects = [...three, workload('StatefulSet'), pod('web-0', 'a', {owner}), pod('web-1', 'b', {owner})];
    const ran = await run(['explain', 'sts/web'], {objects, answers: {a: fresh, b: fresh}});
    assert.equal(ran.line, 'statefulset shop/web: the same on 2 nodes: FRESH: this node has what registry.corp:5000 has');
    assert.equal(ran.code, 0);
  });

  test('explains one pod of those on a node that run the same images', async () => {
    const objects = [...three, workload('Deployment'), pod('web-1', 'a'), pod('web-10', 'a', {imageID: 'sha256:2'}), pod('web-2', 'a')];
    const ran = await run(['explain', 'deployment.apps/web'], {objects, answers: {a: stale}});
    assert.deepEqual(ran.commands.a.map((command) => command.at(-1)), ['shop/web-1', 'shop/web-10']);
    assert.match(ran.out, /^a +STALE.* \(web-1, web-2\)\na +STALE.* \(web-10\)$/m);
  });

  test('takes a workload by its selector, and no pod of another owner', async () => {
    const selector = {matchLabels: {app: 'web'}, matchExpressions: [
      {key: 'tier', operator: 'In', values: ['front', 'back']}, {key: 'canary', operator: 'DoesNotExist'},
      {key: 'app', operator: 'Exists'}, {key: 'tier', operator: 'NotIn', values: ['test']},
    ]};
    const objects = [
      ...three, workload('DaemonSet', {selector}),
      pod('yes', 'a', {owner: {kind: 'DaemonSet', name: 'web'}, labels: {tier: 'front'}}),
      pod('canary', 'b', {owner: {kind: 'DaemonSet', name: 'web'}, labels: {tier: 'front', canary: 'yes'}}),
      pod('other', 'c', {owner: {kind: 'DaemonSet', name: 'other'}, labels: {tier: 'front'}}),
      pod('done', 'c', {owner: {kind: 'DaemonSet', name: 'web'}, labels: {tier: 'front'}, phase: 'Succeeded'}),
    ];
    const ran = await run(['explain', 'ds/web'], {objects, answers: {a: fresh}});
    assert.equal(ran.line, 'daemonset shop/web: 1 node: FRESH: this node has what registry.corp:5000 has');
    assert.deepEqual(Object.keys(ran.commands), ['a']);
  });

  test('explains a pod, of another namespace and context too', async () => {
    const objects = [...three, pod('web-1', 'b')];
    const ran = await run(['explain', 'pod/web-1', '-n', 'shop', '--context=lab', '--timeout', '3m'], {objects, answers: {b: stale}});
    assert.equal(ran.line, 'pod shop/web-1: 1 node: STALE: mirror.corp:5000 serves an old image, and the next pull brings it');
    assert.deepEqual(ran.commands.b[0].slice(4), ['--timeout', '180s', '-o', 'table', '--pod', 'shop/web-1']);
    const none = await run(['explain', 'pod/web-1', '--context', 'none'], {objects});
    assert.equal(none.code, 2);
    assert.match(none.err, /127\.0\.0\.1:1/);
  });

  test('names the nodes that did not answer, and why', async () => {
    const objects = [
      ...three, agent('d', {running: false}), workload('Deployment'), pod('web-f'),
      ...['a', 'b', 'c', 'd', 'e'].map((at) => pod(`web-${at}`, at)),
    ];
    const answers = {
      a: fresh,
      b: {refuse: 'the container runtime is down'},
      c: {err: 'tagdrift: no agent listens at unix:///run/tagdrift/reader.sock\n', code: 2},
    };
    const ran = await run(['explain', 'deploy/web'], {objects, answers});
    assert.equal(ran.line,
        'deployment shop/web: 1 node: FRESH: this node has what registry.corp:5000 has; no answer from b, c, d and 1 more');
    assert.equal(ran.code, 2);
    assert.match(ran.out, /^b +no answer: .*the container runtime is down.*$/m);
    assert.match(ran.out, /^c +no answer: tagdrift: no agent listens at .*$/m);
    assert.match(ran.out, /^d +no answer: its agent monitoring\/tagdrift-d does not run \(web-d\)$/m);
    assert.match(ran.out, /^e +no answer: no agent there \(web-e\)$/m);
    assert.match(ran.out, /^note  pod shop\/web-f is on no node yet \(Pending\)$/m);
  });

  test('gives up on a node that hangs', async () => {
    const ran = await run(['check', '--node', 'b', '--timeout', '1s'], {objects: three, answers: {b: new Promise(() => {})}});
    assert.equal(ran.line, 'check: no answer from any node');
    assert.match(ran.out, /^b +no answer: nothing within 1 s$/m);
    assert.equal(ran.code, 2);
  });

  test('prints what is known at a signal', async () => {
    const answers = {a: fresh, b: (child) => { child.kill('SIGINT'); return new Promise(() => {}); }};
    const ran = await run(['check', '--node', 'a,b,c', '--parallel', '1'], {objects: three, answers});
    assert.equal(ran.line, 'check: nothing is stale on 1 node; no answer from b, c');
    assert.match(ran.out, /^b +no answer: stopped\nc +no answer: stopped$/m);
    assert.equal(ran.code, 2);
  });

  test('waits as long as an agent says before it asks it again', async () => {
    let asked = 0;
    const busy = {err: 'tagdrift: readers may have a round made every 10 s; the next in 1s\n', code: 2};
    const ran = await run(['explain', 'registry.corp:5000/shop/app:latest', '--node=a'],
        {objects: three, answers: {a: () => (++asked === 1 ? busy : fresh)}});
    assert.equal(ran.code, 0);
    assert.equal(asked, 2);
  });

  test('checks every real Linux node, so many at a time, and prints what is not fresh', async () => {
    const objects = [...three, agent('d'), node('d'), node('windows', {'kubernetes.io/os': 'windows'}), node('bare'),
      node('azure', {type: 'virtual-kubelet'}), node('fargate', {'eks.amazonaws.com/compute-type': 'fargate'}),
      node('liqo', {'liqo.io/type': 'virtual-node'}), agent('job', {owner: 'Job'})];
    let now = 0;
    let most = 0;
    let meet;
    const met = new Promise((resolve) => { meet = resolve; });
    const enter = async (answer) => {
      most = Math.max(most, ++now);
      if (now === 2) meet();
      await met;
      --now;
      return answer;
    };
    const ran = await run(['check', '--parallel', '2', '--stale-only', '--ignore', '*:dev'],
        {objects, answers: {a: () => enter(fresh), b: () => enter(stale), c: () => enter(undecided), d: () => enter(fresh)}});
    assert.equal(ran.line, 'check: 2 of 4 nodes are not fresh: b, c; no answer from bare');
    assert.equal(ran.code, 1);
    assert.deepEqual(ran.out.match(/^== .*$/gm), ['== b', '== c']);
    assert.equal(most, 2);
    assert.deepEqual(ran.commands.b,
        [['tagdrift', 'check', ...socket('reader'), '--timeout', '120s', '-o', 'table', '--stale-only', '--ignore=*:dev', '--']]);
  });

  test('ends with the worst exit code: stale before undecided', async () => {
    for (const [answers, code] of [[{a: fresh, b: undecided}, 2], [{a: undecided, b: stale}, 1]]) {
      const ran = await run(['check', '--node', 'a', '--node', 'b'], {objects: three, answers});
      assert.equal(ran.code, code);
    }
  });

  test('acts as an operator, on the named nodes only', async () => {
    const done = {out: '1 refreshed\n', code: 0};
    const refused = {out: '1 refused\n', err: 'tagdrift: a note\n', code: 1};
    const ran = await run(['refresh', 'r.corp/app:v1', 'r.corp/b:v2', '--node', 'a,b', '--yes', '--to', '94ca65e6caf0'],
        {objects: three, answers: {a: done, b: refused}});
    assert.equal(ran.line, 'refresh: 1 of 2 nodes differs: b');
    assert.equal(ran.code, 1);
    assert.equal(ran.err, 'b: tagdrift: a note\n');
    assert.deepEqual(ran.commands.a, [[
      'tagdrift', 'refresh', ...socket('operator'), '--timeout', '600s', '-o', 'table', '--yes', '--to=94ca65e6caf0', '--', 'r.corp/app:v1',
      'r.corp/b:v2',
    ]]);
    assert.equal(ran.commands.c, undefined);
  });

  test('joins JSON and names', async () => {
    const answers = {a: {out: '{"summary": {}}\n'}, b: {refuse: 'say "no"\\'}};
    const json = await run(['check', '-ojson', '--node', 'a,b'], {objects: three, answers});
    const joined = JSON.parse(json.out);
    assert.deepEqual(joined.nodes[0], {node: 'a', exitCode: 0, answer: {summary: {}}});
    assert.match(joined.nodes[1].error, /say "no"\\/);
    assert.deepEqual(joined.notes, []);
    const names = await run(['mirrors', '-o', 'name', '--all-nodes'],
        {objects: three, answers: {a: {out: 'docker.io\nr.corp\n'}, b: {out: 'docker.io\n'}, c: {out: 'quay.io\n'}}});
    assert.equal(names.out, 'a\tdocker.io\na\tr.corp\nb\tdocker.io\nc\tquay.io\n');
  });

  test('sees an imagePullPolicy where Kubernetes ignores it', async () => {
    const template = (spec, more = {}) =>
        ({apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: 'web'}, spec: {...more, template: {spec}}});
    const right = [{name: 'app', image: 'a', imagePullPolicy: 'Always', env: [{name: 'X', value: 'out\n"imagePullPolicy": "Never"'}]}];
    const wrong = [{...right[0], ImagePullPolicy: 'Always', resources: {imagePullPolicy: 'Always'}}];
    const objectsOf = (applied) => [...three, workload('Deployment', {applied}), pod('web-1', 'a')];
    const ran = await run(['explain', 'deploy/web'], {
      objects: objectsOf(template({imagePullPolicy: 'Always', containers: wrong}, {imagePullPolicy: 'Never'})),
      answers: {a: fresh},
    });
    const end = ', where Kubernetes ignores it: write imagePullPolicy into each container (in force: app IfNotPresent)';
    assert.deepEqual(ran.out.match(/^note .*$/gm), [
      'imagePullPolicy: Never was applied at .spec',
      'ImagePullPolicy: Always was applied at .spec.template.spec.containers[0]',
      'imagePullPolicy: Always was applied at .spec.template.spec.containers[0].resources',
      'imagePullPolicy: Always was applied at .spec.template.spec',
    ].map((said) => `note  deployment/web: ${said}${end}`));
    assert.equal(ran.code, 0);
    const silent = await run(['explain', 'deploy/web'],
        {objects: objectsOf(template({containers: right, initContainers: right})), answers: {a: fresh}});
    assert.doesNotMatch(silent.out, /^note/m);
  });

  test('lets no answer steer the terminal', async () => {
    const ran = await run(['check', '--node', 'a'], {objects: three, answers: {a: {out: 'x\x1b[2Jy\x07\n', code: 1}}});
    assert.match(ran.out, /x\[2Jy/);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(ran.out, /[\x00-\x08\x0b-\x1f]/);
  });

  test('runs nothing that an answer says', async () => {
    const proof = path.join(folder, 'proof');
    const out = `x[$(touch ${proof})] a[\`touch ${proof}\`]+"$(touch ${proof})" '; touch ${proof}; '\n`;
    const ran = await run(['mirrors', '--node', 'a,b'], {objects: three, answers: {a: {out, err: out}, b: {out: `${out} `, code: 1}}});
    assert.equal(ran.code, 1, ran.err);
    assert.ok(ran.out.includes(out));
    assert.ok(!fs.existsSync(proof));
  });

  test('asks no pod where agents are in two namespaces, until one is named', async () => {
    const objects = [...three, agent('x', {namespace: 'evil'})];
    const ran = await run(['check'], {objects});
    assert.equal(ran.code, 2);
    assert.match(ran.err, /^kubectl tagdrift: agents run in the namespaces \w+ and \w+: say which by --agent-namespace NS\n$/);
    assert.deepEqual(ran.commands, {});
    const named = await run(['check', '--agent-namespace', 'monitoring', '--node', 'a'], {objects, answers: {a: fresh}});
    assert.equal(named.code, 0);
  });

  test('says in one line what cannot be done', async () => {
    const rows = [
      [['check'], [], 2, 'no agents found: no pod of a DaemonSet has the label app.kubernetes.io/name=tagdrift'],
      [['explain', 'deploy/nope'], [{kind: 'Namespace', metadata: {name: 'shop'}}], 2, 'deployments "nope" not found'],
      [['explain', 'deploy/web'], [workload('Deployment'), pod('web-1')], 2, 'deployment shop/web has no pod on a node'],
    ];
    for (const [words, objects, code, said] of rows) {
      const ran = await run(words, {objects});
      assert.equal(ran.code, code);
      assert.ok(ran.err.includes(said), ran.err);
      assert.equal(ran.out, '');
    }
  });

  test('hands on what the agent finds wrong with the words', async () => {
    const wrong = {err: 'tagdrift: b%d: no reference\n', code: 64};
    const ran = await run(['check', 'b%d', '--node', 'a,b'], {objects: three, answers: {a: wrong, b: wrong}});
    assert.equal(ran.code, 64);
    assert.equal(ran.err, 'kubectl tagdrift: b%d: no reference\n');
  });

  test('refuses wrong words in one line that says what to do', async () => {
    const rows = [
      [[], 'name a command: explain, check'],
      [['explode'], "unknown command 'explode'"],
      [['--node', 'a'], 'the command comes first'],
      [['check', '--foo'], 'unknown option --foo'],
      [['check', '-n'], '-n needs a value'],
      [['check', '--node='], '--node needs a value'],
      [['check', '--node', 'A_b'], "--node 'A_b'"],
      [['check', '--node', 'a', '--all-nodes'], '--node and --all-nodes exclude each other'],
      [['check', '--yes'], '--yes is no option of check; it goes with refresh, prepull, evict'],
      [['check', '--timeout', '5'], '--timeout 5: a number of seconds, minutes or hours'],
      [['check', '--parallel', '0'], '--parallel 0: a number from 1 to 100'],
      [['check', '-o', 'yaml'], '-o yaml: check prints table, wide, json, name'],
      [['explain'], 'explain takes one TYPE/NAME or one reference'],
      [['explain', 'nginx'], 'for a tag, say --node NODE or --all-nodes'],
      [['explain', 'deploy/web', '--node', 'a'], 'leave --node and --all-nodes out'],
      [['refresh', 'nginx'], 'refresh needs --node NODE or --all-nodes'],
      [['refresh', '--all-nodes'], 'refresh needs a reference'],
      [['evict', 'deploy/web', '--all-nodes'], 'evict takes references, not workloads'],
    ];
    await Promise.all(rows.map(async ([words, said]) => {
      const ran = childProcess.spawnSync(path.join(root, 'deploy/kubectl-tagdrift'), words,
          {encoding: 'utf8', env: {PATH: `${kubectl}:/usr/bin:/bin`, KUBECONFIG: '/dev/null'}});
      assert.equal(ran.status, 64, said);
      assert.ok(ran.stderr.startsWith('kubectl tagdrift: ') && ran.stderr.includes(said), ran.stderr);
      assert.equal(ran.stderr.split('\n').length, 2);
      assert.equal(ran.stdout, '');
    }));
  });

  // Only the words are read: the kubectl there does nothing.
  test('takes the commands that alerts and dashboard name', () => {
    const idle = fs.mkdtempSync(path.join(folder, 'idle-'));
    fs.symlinkSync('/bin/false', path.join(idle, 'kubectl'));
    const files = ['alerts.yaml', 'dashboard.json'].map((name) => fs.readFileSync(path.join(root, 'deploy/tagdrift/files', name), 'utf8'));
    const commands = [...files.join('\n').replace(/\s+/g, ' ').matchAll(/`kubectl tagdrift ([^`]+)`/g)].map(([, words]) => words);
    assert.ok(commands.length > 10);
    for (const command of commands) {
      const words = command.replace(/\{\{.*?\}\}/g, 'registry.corp').replace(/\bNODE\b/g, 'node-a').replace(/\bNAME\b/g, 'web')
          .replace(/'/g, '').split(' ');
      const ran = childProcess.spawnSync(path.join(root, 'deploy/kubectl-tagdrift'), words,
          {encoding: 'utf8', env: {PATH: `${idle}:/usr/bin:/bin`}});
      assert.equal(ran.status, 2, `${command}: ${ran.stderr}`);
    }
  });
});
