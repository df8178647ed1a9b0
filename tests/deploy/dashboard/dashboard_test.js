// Every query of deploy/tagdrift/files/dashboard.json returns data from a real Prometheus that has the scrapes of tests/deploy/alerts.
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const {after, before, test} = require('node:test');
const {readScrape} = require('../alerts/scrape.js');

const root = path.join(__dirname, '../../..');
const lab = path.join(root, 'build/lab/promtool/usr/bin');
const dashboard = JSON.parse(fs.readFileSync(path.join(root, 'deploy/tagdrift/files/dashboard.json'), 'utf8'));
const kEnd = Math.floor(Date.now() / 1000 / 7200) * 7200;  // blocks are of two hours
const kStep = 60;
const kHours = 2;

let folder;
let prometheus;
let address;

// Both nodes for some hours, scraped each minute.
function openMetrics() {
  const lines = [];
  for (const [name, node] of [['healthy', 'node-a'], ['incident', 'node-b']]) {
    const {at, series} = readScrape(name);
    for (const {metric, labels, value} of series) {
      for (let time = kEnd - kHours * 3600; time <= kEnd; time += kStep) {
        const now = metric === 'tagdrift_last_check_timestamp_seconds' ? value - at + time : value;
        lines.push(`${metric}{${labels}${labels && ','}node="${node}",instance="${node}:9614"} ${now} ${time}`);
      }
    }
  }
  return [...lines, '# EOF', ''].join('\n');
}

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dashboard-'));
  const input = path.join(folder, 'input');
  fs.writeFileSync(input, openMetrics());
  fs.writeFileSync(path.join(folder, 'config.yaml'), '{}');
  childProcess.execFileSync(path.join(lab, 'promtool'),
      ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', input, path.join(folder, 'data')]);
  prometheus = childProcess.spawn(path.join(lab, 'prometheus'), [
    `--config.file=${folder}/config.yaml`, `--storage.tsdb.path=${folder}/data`, '--web.listen-address=127.0.0.1:0',
    '--storage.tsdb.retention.time=10y',
  ], {stdio: ['ignore', 'ignore', 'pipe']});
  const said = [];
  for await (const line of readline.createInterface({input: prometheus.stderr})) {
    said.push(line);
    address ??= /msg="Listening on".* address=(127\.0\.0\.1:[1-9]\d*)/.exec(line)?.[1];
    if (line.includes('Server is ready')) break;
  }
  prometheus.stderr.resume();
  assert.ok(address, said.join('\n'));
});

after(async () => {
  if (prometheus && prometheus.exitCode === null) {
    const ended = new Promise((resolve) => prometheus.on('exit', resolve));
    prometheus.kill('SIGKILL');
    await ended;
  }
  fs.rmSync(folder, {recursive: true});
});

async function ask(query) {
  const response = await fetch(`http://${address}/api/v1/query?${new URLSearchParams({query, time: String(kEnd)})}`);
  const answer = await response.json();
  assert.equal(answer.status, 'success', `${query}\n${answer.error}`);
  return answer.data.result;
}

const queries = dashboard.panels.flatMap(({title, targets}) =>
    targets.map(({expr}, i) => [`${title}${i === 0 ? '' : ` (${i + 1})`}`, expr.replaceAll('$cluster', '.*')]));

for (const [title, query] of queries) {
  test(title, async () => assert.notDeepEqual(await ask(query), [], query));
}

test('names the mirror that is behind, since when, and the worst node', async () => {
  const of = async (title) => {
    const result = await ask(queries.find(([name]) => name === title)[1]);
    return result.map(({metric, value}) => [metric, Number(value[1])]);
  };
  const behind = [{registry: 'risky.test', host: 'mirror.test:5000'}, {registry: 'stale.test', host: 'mirror.test:5000'}];
  const sorted = (list) => list.sort(([a], [b]) => a.registry.localeCompare(b.registry));
  assert.deepEqual(sorted(await of('Mirrors that are behind')), behind.map((metric) => [metric, 1]));
  assert.deepEqual(sorted(await of('Behind since')), behind.map((metric) => [metric, (kEnd - kHours * 3600) * 1000]));
  assert.deepEqual(await of('Mirrors behind'), [[{}, 2]]);
  assert.deepEqual(await of('Worst nodes'), [[{node: 'node-b', instance: 'node-b:9614'}, 2]]);
});

// Where no series is data too, as with `or vector(0)`, a wrong name would go unseen.
test('asks only for metrics and labels that the program exports', () => {
  const exported = new Map();
  for (const {metric, labels} of ['healthy', 'incident'].flatMap((name) => readScrape(name).series)) {
    const own = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label);
    exported.set(metric, new Set([...(exported.get(metric) ?? ['cluster']), ...own]));
  }
  for (const [title, query] of queries) {
    const selectors = [...query.matchAll(/(tagdrift_\w+)(?:\{([^}]*)\})?/g)];
    assert.ok(selectors.length > 0, title);
    for (const [, metric, matchers] of selectors) {
      assert.ok(exported.has(metric), `${title}: ${metric}`);
      for (const [, label] of (matchers ?? '').matchAll(/(\w+)=~?"/g)) {
        assert.ok(exported.get(metric).has(label), `${title}: ${metric}{${label}}`);
      }
    }
  }
});

test('has panels that do not overlap, each with a word on what it shows', () => {
  const taken = new Set();
  for (const {title, description, gridPos: {x, y, w, h}} of dashboard.panels) {
    assert.ok(description && x + w <= 24, title);
    for (let i = x; i < x + w; ++i) {
      for (let j = y; j < y + h; ++j) {
        assert.ok(!taken.has(`${i},${j}`), title);
        taken.add(`${i},${j}`);
      }
    }
  }
});
