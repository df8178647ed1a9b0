// The alerts on what the program exported on a node in trouble and on a healthy one; lab.metrics holds the scrapes to the program.
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test} = require('node:test');
const {inputSeries, readScrape, kStep} = require('./scrape.js');

const root = path.join(__dirname, '../../..');
const promtool = path.join(root, 'build/lab/promtool/usr/bin/promtool');
const kHours = 8;

// Asserts which alerts fire in the end, "ALERT LABELS" each, by promtool. JSON is YAML.
function assertFiring(series, expected) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'alerts-'));
  try {
    const file = path.join(folder, 'test.yaml');
    fs.writeFileSync(file, JSON.stringify({
      rule_files: [path.join(root, 'deploy/tagdrift/files/alerts.yaml')],
      evaluation_interval: `${kStep}s`,
      tests: [{
        interval: `${kStep}s`,
        input_series: series,
        promql_expr_test: [{
          expr: 'count by (alertname, instance, registry, host, kind, namespace) (ALERTS{alertstate="firing"})',
          eval_time: `${kHours}h`,
          exp_samples: expected.map((labels) => ({labels: `{${labels}}`, value: 1})),
        }],
      }],
    }));
    const ran = childProcess.spawnSync(promtool, ['test', 'rules', file], {encoding: 'utf8'});
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
}

const healthy = (options) => inputSeries(readScrape('healthy'), {instance: 'healthy:9614', hours: kHours, ...options});
const incident = () => inputSeries(readScrape('incident'), {instance: 'incident:9614', hours: kHours});

test('are silent on a healthy node', () => assertFiring(healthy(), []));

test('name what is wrong with a node in trouble', () => assertFiring([...healthy(), ...incident()], [
  'alertname="TagdriftMirrorBehind", registry="stale.test", host="mirror.test:5000"',
  'alertname="TagdriftMirrorBehind", registry="risky.test", host="mirror.test:5000"',
  'alertname="TagdriftPodsRunOldImages", namespace="shop"',
  'alertname="TagdriftNodeStale", instance="incident:9614"',
  'alertname="TagdriftDowngradeRisk", instance="incident:9614"',
  'alertname="TagdriftMirrorConfigurationIgnored", registry="ignored.test", kind="file_ignored"',
  'alertname="TagdriftMirrorConfigurationIgnored", registry="ignored.test", kind="unknown_capability"',
  'alertname="TagdriftMirrorDown", registry="down.test", host="down.test:5000"',
  'alertname="TagdriftMirrorDown", registry="ignored.test", host="ignored.test"',
]));

test('see that rounds have ended', () =>
  assertFiring(healthy({frozen: true}), ['alertname="TagdriftChecksStale", instance="healthy:9614"']));

test('see that checks fail', () => {
  const failing = healthy().map(({series, values}) =>
      ({series, values: series.startsWith('tagdrift_check_failures_total') ? `0+1x${kHours * 3600 / kStep}` : values}));
  assertFiring(failing, ['alertname="TagdriftChecksFailing", instance="healthy:9614"']);
});

test('see that an agent is down, or that there is none', () => {
  const down = healthy().map(({series, values}) => ({series, values: series.startsWith('up{') ? `0x${kHours * 3600 / kStep}` : values}));
  assertFiring(down, ['alertname="TagdriftAgentDown", instance="healthy:9614"']);
  assertFiring([{series: 'up{job="other"}', values: '1x100'}], ['alertname="TagdriftAgentsAbsent"']);
});
