// deploy/README.md: what it says to type is taken by what it is typed into. And the links of all documents.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { chart, digest, root, run } = require('./chart');
const { startApiServer } = require('./api_server');

const binary = process.env.TAGDRIFT_BINARY;
const file = path.join(root, 'deploy/README.md');
const text = fs.readFileSync(file, 'utf8');
const prose = text.replace(/^```[^]*?^```$/gm, '');

/// The commands of the shell blocks, each on one line, with a digest in place of the dots.
const commands = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)]
  .flatMap(([, block]) => block.replaceAll('\\\n', ' ').split('\n'))
  .filter(Boolean)
  .map((line) => line.replaceAll('sha256:…', digest));

/// A command's words, as the shell has them.
const words = (command) => run('bash', ['-c', `printf '%s\\n' ${command}`]).out.trimEnd().split('\n');

test('commands of helm render what is described', () => {
  const image = `image.repository=registry.corp/tools/tagdrift,image.digest=${digest}`;
  const found = commands.filter((command) => /^helm (install|upgrade) /.test(command));
  assert.ok(found.length >= 5);
  for (const command of found) {
    const [, , , , ...args] = words(command);
    const kept = args.filter((word) => word !== '--reuse-values');
    const { code, err } = run('helm', ['template', 'tagdrift', chart, '--set', image, ...kept]);
    assert.strictEqual(code, 0, `${command}: ${err}`);
  }
});

test('options of tagdrift exist, wherever they are told', () => {
  const notes = fs.readFileSync(path.join(chart, 'templates/NOTES.txt'), 'utf8');
  const told = [...`${commands.join('\n')}\n${notes}\n${prose}`.matchAll(/(?:-- |^|`)tagdrift (\w+)((?: [^`\n|]*)?)/gm)];
  assert.ok(told.length >= 7);
  for (const [, command, rest] of told) {
    const { code, out } = run(binary, [command, '--help']);
    assert.strictEqual(code, 0, command);
    for (const [option] of rest.matchAll(/--[a-z][a-z-]*/g)) assert.ok(out.includes(`${option} `), `tagdrift ${command} ${option}`);
  }
});

test('values that are told exist', () => {
  const schema = JSON.parse(fs.readFileSync(path.join(chart, 'values.schema.json'), 'utf8'));
  const known = (name) => name.split('.').reduce((at, key) => (key === '*' ? at : at?.properties?.[key]), schema) !== undefined;
  const told = [...prose.matchAll(/`([a-z][A-Za-z]+\.[A-Za-z.*]+)(?:: [^`]*)?`/g)].map(([, name]) => name);
  const values = told.filter((name) => name.split('.')[0] in schema.properties && !/\*|\.(crt|key|sh)$/.test(name));
  assert.ok(values.length >= 12);
  for (const name of values) assert.ok(known(name), name);
});

/// The anchors of a document's titles, as a forge makes them.
const anchorsOf = (document) =>
  [...document.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));

test('links of all documents lead somewhere', () => {
  const documents = run('git', ['-C', root, 'ls-files', '*.md']).out.trimEnd().split('\n');
  assert.ok(documents.includes('deploy/README.md'));
  for (const document of documents) {
    const from = path.join(root, document);
    for (const [, target] of fs.readFileSync(from, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [, where, anchor] = /^([^#]*)#?(.*)$/.exec(target);
      const to = where ? path.join(path.dirname(from), where) : from;
      assert.ok(fs.existsSync(to), `${document}: ${target}`);
      if (anchor) assert.ok(anchorsOf(fs.readFileSync(to, 'utf8')).includes(anchor), `${document}: ${target}`);
    }
  }
});

test('kubectl debug makes a pod of the node that sees its root below /host', async () => {
  const command = commands.find((line) => line.startsWith('kubectl debug'));
  let sent;
  const server = await startApiServer((method, url, body) => {
    if (method === 'POST') sent = body;
    const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'node-7' } };
    return method === 'POST' ? { kind: 'Pod', apiVersion: 'v1', metadata: {} } : url.pathname === '/api/v1/nodes/node-7' ? node : null;
  });
  const child = spawn('kubectl', ['--server', server.url, ...words(command).slice(1)], { timeout: 60_000 });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  await new Promise((ended) => child.on('close', ended));
  server.close();
  assert.ok(sent, said);
  // Protocol buffers: texts, each after its length.
  const has = (text) => sent.includes(Buffer.from([text.length, ...Buffer.from(text)]));
  for (const text of ['node-7', `registry.corp/tools/tagdrift@${digest}`, 'tagdrift', 'check', '--host-root', '/host', '/']) {
    assert.ok(has(text), text);
  }
});
