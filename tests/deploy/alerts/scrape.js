// Scrapes of an agent as promtool's input series.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const kStep = 300;          // seconds between samples
const kRound = 3600;        // seconds between the rounds of an agent
const kLastCheck = 'tagdrift_last_check_timestamp_seconds';

// Name, labels and value of each series; `at`: when it was scraped.
function readScrape(name) {
  const text = fs.readFileSync(path.join(__dirname, `${name}.prom`), 'utf8');
  const series = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)].map(([, metric, labels, value]) =>
      ({metric, labels: labels ?? '', value: Number(value)}));
  return {at: Number(/^# scraped at (\d+)$/m.exec(text)[1]), series};
}

// The scrape held for some hours from time 0 on, as that of an instance. Its rounds go on; with `frozen` the latest stays the first.
function inputSeries({at, series}, {instance, hours, frozen = false}) {
  const samples = hours * 3600 / kStep;
  const rounds = (age) => Array.from({length: samples + 1}, (_, i) => Math.floor(i * kStep / kRound) * kRound + age).join(' ');
  const all = [...series, {metric: 'up', labels: 'job="monitoring/tagdrift"', value: 1}];
  return all.map(({metric, labels, value}) => ({
    series: `${metric}{${labels}${labels && ','}instance="${instance}"}`,
    values: metric === kLastCheck && !frozen ? rounds(value - at) : `${metric === kLastCheck ? value - at : value}x${samples}`,
  }));
}

module.exports = {inputSeries, readScrape, kStep};
