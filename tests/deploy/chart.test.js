// What the chart's renderings promise, whatever is switched on, and that the program takes what they say.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { chart, digest, find, helm, parse, render, root, run, switches } = require('./chart');

const binary = process.env.TAGDRIFT_BINARY;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'chart-'));
before(() => {
  const { code, err } = run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-subj', '/CN=agent', '-keyout', path.join(scratch, 'tls.key'), '-out', path.join(scratch, 'tls.crt')]);
  assert.strictEqual(code, 0, err);
  fs.copyFileSync(path.join(scratch, 'tls.crt'), path.join(scratch, 'ca.crt'));
});
after(() => fs.rmSync(scratch, { recursive: true }));

const podOf = (objects, kind) => find(objects, kind)?.spec.template.spec;
const podsOf = (objects) => ['DaemonSet', 'Job'].map((kind) => podOf(objects, kind)).filter(Boolean);

function hostMounts(pod) {
  return pod.containers[0].volumeMounts
    .map((mount) => ({ ...mount, host: pod.volumes.find((volume) => volume.name === mount.name).hostPath?.path }))
    .filter((mount) => mount.host !== undefined);
}

/// Whether a directory that is mounted at `place` has `directory` in it, or is it.
const shows = (place, directory) => directory === place || directory.startsWith(`${place}/`);

const optionOf = (pod, name) =>
  pod.containers[0].args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);

/// Its arguments as the kubelet gives them, but for what is mounted: the certificates are this test's, and a node there is not.
function argumentsOf(pod) {
  return pod.containers[0].args.map((argument) =>
    argument
      .replace('$(HOST_IP)', argument.includes('[') ? '::1' : '127.0.0.1')
      .replace('/etc/tagdrift/tls', scratch)
      .replace('/host', path.join(scratch, 'host')),
  );
}

for (const [name, values] of Object.entries(switches)) {
  test(`${name}: helm finds nothing to say`, () => {
    const { code, out } = helm(['lint'], ['--strict', '--quiet'], values);
    assert.strictEqual(code, 0, out);
  });

  test(`${name}: keeps what is promised`, () => {
    const objects = render(values);
    for (const pod of podsOf(objects)) {
      assert.strictEqual(pod.containers.length, 1);
      assert.deepStrictEqual(pod.containers[0].securityContext, {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsGroup: 0,
        runAsUser: 0,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      assert.strictEqual(pod.hostNetwork, true);
      assert.strictEqual(pod.dnsPolicy, 'Default');
      assert.ok(!pod.hostPID && !pod.hostIPC);
      assert.ok(pod.containers[0].resources.limits.memory && pod.containers[0].resources.requests.memory);
      assert.deepStrictEqual(pod.tolerations, [{ operator: 'Exists' }]);
      const writable = hostMounts(pod).filter((mount) => !mount.readOnly);
      assert.deepStrictEqual(
        writable.map((mount) => mount.host),
        pod.restartPolicy === 'Never' ? [] : ['/run/tagdrift', '/var/lib/tagdrift'],
      );
      for (const mount of hostMounts(pod)) assert.notStrictEqual(mount.host, '/');
      assert.deepStrictEqual(
        pod.volumes.map((volume) => volume.name).sort(),
        pod.containers[0].volumeMounts.map((mount) => mount.name).sort(),
      );
      const places = pod.containers[0].volumeMounts.map((mount) => mount.mountPath);
      assert.strictEqual(new Set(places).size, places.length);
      // The socket's directory, so that a restart of the runtime brings the new socket.
      const socket = optionOf(pod, 'runtime-endpoint').replace(/^unix:\/\//, '');
      assert.ok(hostMounts(pod).some((mount) => shows(mount.mountPath, path.dirname(socket))), socket);
      const names = pod.containers[0].env.map((variable) => variable.name);
      assert.ok(names.includes('NODE_NAME') && names.includes('HOST_IP'));
      assert.strictEqual(pod.automountServiceAccountToken, Boolean(find(objects, 'ClusterRole')));
    }
    for (const object of objects) {
      assert.ok(['ClusterRole', 'ClusterRoleBinding'].includes(object.kind) || object.metadata.namespace === 'tools', object.kind);
      assert.notStrictEqual(object.kind, 'Secret');
    }
  });

  test(`${name}: the program takes its arguments`, () => {
    const objects = render(values);
    const agent = podOf(objects, 'DaemonSet');
    if (agent) {
      const { code, out, err } = run(binary, [...argumentsOf(agent), '--check-config']);
      assert.strictEqual(code, 0, err);
      assert.match(out, /configuration is fine/);
    }
    const job = podOf(objects, 'Job');
    if (job) {
      const { code, err } = run(binary, argumentsOf(job));
      assert.strictEqual(code, 2, err);
      assert.match(err, /opening the node's root/);
    }
  });
}

test('the agent runs on every real Linux node and is replaced a few at a time', () => {
  const { spec } = find(render(), 'DaemonSet');
  const pod = spec.template.spec;
  assert.deepStrictEqual(pod.nodeSelector, { 'kubernetes.io/os': 'linux' });
  const terms = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
  assert.deepStrictEqual(
    terms[0].matchExpressions.map(({ key, operator }) => [key, operator]),
    [['type', 'NotIn'], ['eks.amazonaws.com/compute-type', 'NotIn'], ['liqo.io/type', 'NotIn']],
  );
  assert.strictEqual(pod.priorityClassName, 'system-node-critical');
  assert.deepStrictEqual(spec.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } });
});

test('the defaults ask for no rights and mount only what containerd reads', () => {
  const objects = render();
  assert.deepStrictEqual(objects.map((object) => object.kind).sort(), ['DaemonSet', 'ServiceAccount']);
  assert.deepStrictEqual(hostMounts(podOf(objects, 'DaemonSet')).map((mount) => mount.host),
    ['/run/containerd', '/etc', '/run/tagdrift', '/var/lib/tagdrift']);
});

test('probes, ports and listeners agree', () => {
  for (const values of [{}, { health: { port: 1234 }, metrics: { port: 1235 } }]) {
    const pod = podOf(render(values), 'DaemonSet');
    const ports = Object.fromEntries(pod.containers[0].ports.map((port) => [port.name, port.containerPort]));
    assert.strictEqual(optionOf(pod, 'health'), `127.0.0.1:${ports.health}`);
    assert.strictEqual(optionOf(pod, 'metrics'), `127.0.0.1:${ports.metrics}`);
    for (const [probe, where] of [['livenessProbe', '/healthz'], ['readinessProbe', '/readyz']]) {
      assert.deepStrictEqual(pod.containers[0][probe].httpGet, { host: '127.0.0.1', path: where, port: 'health' });
    }
  }
});

test('ports and places of the defaults are those of the program', () => {
  const pod = podOf(render(), 'DaemonSet');
  const help = run(binary, ['serve', '--help']).out;
  for (const [option, value] of [
    ['metrics', optionOf(pod, 'metrics')],
    ['health', optionOf(pod, 'health')],
    ['socket-dir', optionOf(pod, 'socket-dir')],
    ['interval', optionOf(pod, 'interval')],
    ['runtime-endpoint', optionOf(pod, 'runtime-endpoint').replace('/host', '')],
  ]) {
    const line = new RegExp(`--${option} [^\\n]*\\n?[^\\n]*\\[${value.replaceAll('.', '\\.')}\\]|--${option} [^\\n]*${value}`);
    assert.match(help, line);
  }
  assert.match(run(binary, ['check', '--help']).out, /--agent .*Env:TAGDRIFT_AGENT/);
  const environment = pod.containers[0].env.find((variable) => variable.name === 'TAGDRIFT_AGENT');
  assert.strictEqual(environment.value, `unix://${optionOf(pod, 'socket-dir')}/reader.sock`);
});

test('RBAC is what the program asks, and no more', () => {
  const rules = (pods) => find(render({ pods }), 'ClusterRole').rules;
  assert.deepStrictEqual(rules('kubelet'), [{ apiGroups: [''], resources: ['nodes/pods'], verbs: ['get'] }]);
  assert.deepStrictEqual(rules('api'), [
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
  ]);
  for (const pods of ['kubelet', 'api']) {
    const objects = render({ pods });
    const binding = find(objects, 'ClusterRoleBinding');
    assert.strictEqual(binding.roleRef.name, find(objects, 'ClusterRole').metadata.name);
    assert.deepStrictEqual(binding.subjects,
      [{ kind: 'ServiceAccount', name: find(objects, 'ServiceAccount').metadata.name, namespace: 'tools' }]);
    assert.ok(hostMounts(podOf(objects, 'DaemonSet')).some((mount) => mount.mountPath === '/host/var/lib/kubelet'));
  }
});

test('each distribution has its places', () => {
  const places = (distribution) => {
    const pod = podOf(render({ node: { distribution }, actions: { enabled: ['all'] } }), 'DaemonSet');
    return [optionOf(pod, 'runtime-endpoint'), ...hostMounts(pod).filter((mount) => mount.readOnly).map((mount) => mount.host)];
  };
  assert.deepStrictEqual(places('k3s'), ['unix:///host/run/k3s/containerd/containerd.sock', '/run/k3s/containerd', '/etc',
    '/var/lib/rancher/k3s/agent/etc', '/var/lib/rancher/k3s/agent/containerd']);
  assert.deepStrictEqual(places('rke2'), ['unix:///host/run/k3s/containerd/containerd.sock', '/run/k3s/containerd', '/etc',
    '/var/lib/rancher/rke2/agent/etc', '/var/lib/rancher/rke2/agent/containerd']);
  assert.deepStrictEqual(places('microk8s'), ['unix:///host/var/snap/microk8s/common/run/containerd.sock',
    '/etc', '/var/snap/microk8s']);
});

test('microk8s: what its config_path names by the revision of the snap is mounted, today\'s and the next one\'s', () => {
  const pod = podOf(render({ node: { distribution: 'microk8s' }, pods: 'kubelet' }), 'DaemonSet');
  for (const revision of ['current', '3699', '3700']) {
    const directory = `/var/snap/microk8s/${revision}/args/certs.d`;
    assert.ok(hostMounts(pod).some((mount) => shows(mount.host, directory) && mount.mountPath === `/host${mount.host}`), directory);
  }
  const kubelet = hostMounts(pod).find((mount) => mount.mountPath === '/host/var/lib/kubelet');
  assert.strictEqual(kubelet.host, '/var/snap/microk8s/common/var/lib/kubelet');
});

for (const [what, values, places] of [
  ['the kubelet\'s', { pods: 'kubelet', node: { extraPaths: ['/var/lib/kubelet'] } }, ['/var/lib/kubelet', '/run/containerd', '/etc']],
  ['the images\'', { actions: { enabled: ['all'] }, node: { extraPaths: ['/var/lib/containerd'] } },
    ['/run/containerd', '/etc', '/var/lib/containerd']],
  ['the socket\'s', { node: { extraPaths: ['/run/containerd'] } }, ['/run/containerd', '/etc']],
  ['one said twice', { node: { extraPaths: ['/etc', '/opt/certs', '/opt/certs'] } }, ['/run/containerd', '/etc', '/opt/certs']],
  ['one below another', { node: { extraPaths: ['/etc/pki', '/etcd', '/run'] } }, ['/etc', '/etcd', '/run']],
  ['another one at the kubelet\'s place', { pods: 'api', node: { distribution: 'microk8s', extraPaths: ['/var/lib/kubelet'] } },
    ['/var/snap/microk8s/common/var/lib/kubelet', '/etc', '/var/snap/microk8s']],
]) {
  test(`a directory is mounted once: ${what}`, () => {
    const pod = podOf(render(values), 'DaemonSet');
    const mounts = hostMounts(pod).filter((mount) => mount.readOnly);
    assert.deepStrictEqual(mounts.map((mount) => mount.host), places);
    assert.strictEqual(new Set(mounts.map((mount) => mount.mountPath)).size, mounts.length);
    assert.strictEqual(new Set(pod.volumes.map((volume) => volume.name)).size, pod.volumes.length);
  });
}

test('groups of the sockets are groups of the process, which has no capability to give files away', () => {
  const pod = podOf(render({ access: { readerGroup: 5001, operatorGroup: 5002 } }), 'DaemonSet');
  assert.deepStrictEqual(pod.securityContext.supplementalGroups, [5001, 5002]);
  assert.deepStrictEqual([optionOf(pod, 'reader-group'), optionOf(pod, 'operator-group')], ['5001', '5002']);
});

test('TLS: the name of the Service is in the certificate, and the files are those of the Secret', () => {
  const objects = render(switches['TLS by cert-manager']);
  const pod = podOf(objects, 'DaemonSet');
  const certificate = find(objects, 'Certificate').spec;
  const service = find(objects, 'Service');
  assert.deepStrictEqual(certificate.dnsNames, [`${service.metadata.name}.${service.metadata.namespace}.svc`]);
  const volume = pod.volumes.find((candidate) => candidate.name === 'tls');
  assert.strictEqual(volume.secret.secretName, certificate.secretName);
  assert.strictEqual(volume.secret.defaultMode, 0o400);
  assert.strictEqual(service.spec.clusterIP, 'None');
  const labels = find(objects, 'DaemonSet').spec.template.metadata.labels;
  for (const [label, value] of Object.entries(service.spec.selector)) assert.strictEqual(labels[label], value);
  assert.ok(pod.containers[0].ports.some((port) => port.name === service.spec.ports[0].targetPort));
});

test('monitoring: what is scraped is served, and the files are the chart\'s', () => {
  const objects = render(switches.monitoring);
  const pod = podOf(objects, 'DaemonSet');
  assert.match(optionOf(pod, 'metrics'), /^\$\(HOST_IP\):/);
  const endpoint = find(objects, 'PodMonitor').spec.podMetricsEndpoints[0];
  assert.ok(pod.containers[0].ports.some((port) => port.name === endpoint.port));
  const read = (name) => fs.readFileSync(path.join(root, 'deploy/tagdrift/files', name), 'utf8');
  assert.deepStrictEqual(find(objects, 'PrometheusRule').spec, parse(read('alerts.yaml'))[0]);
  assert.deepStrictEqual(JSON.parse(find(objects, 'ConfigMap').data['tagdrift.json']), JSON.parse(read('dashboard.json')));
});

test('the Job is one try on one node, and its report comes before its deadline', () => {
  const job = find(render(switches['a Job alone']), 'Job');
  const pod = job.spec.template.spec;
  assert.strictEqual(job.spec.backoffLimit, 0);
  assert.strictEqual(pod.restartPolicy, 'Never');
  assert.strictEqual(pod.nodeName, 'node-7');
  assert.strictEqual(pod.containers[0].image, `registry.corp/tools/tagdrift@${digest}`);
  assert.strictEqual(pod.containers[0].imagePullPolicy, 'IfNotPresent');
  assert.strictEqual(job.spec.ttlSecondsAfterFinished, 86400);
  assert.ok(parseInt(optionOf(pod, 'timeout')) < job.spec.activeDeadlineSeconds);
  assert.ok(job.metadata.name.length <= 63);
});

test('another Job for each change of its pod, which could not be changed', () => {
  const nameOf = (values) => find(render({ ...switches['a Job alone'], ...values }), 'Job').metadata.name;
  const job = switches['a Job alone'].job;
  const image = (tag) => ({ image: { repository: 'registry.corp/tools/tagdrift', digest: '', tag } });
  const names = [
    image('v1'),
    image('v2'),
    { job: { ...job, node: 'node-8' } },
    { job: { ...job, run: 'again' } },
    { job: { ...job, arguments: ['--in-use'] } },
    { registries: { maxRate: 2 } },
  ].map(nameOf);
  assert.strictEqual(new Set(names).size, names.length, names.join());
  assert.strictEqual(nameOf(image('v1')), names[0]);
});

test('a rate may be text, as helm\'s --set makes it of a fraction', () => {
  const image = ['--set', `image.repository=r,image.digest=${digest}`];
  for (const [rate, said] of [['0.5', '0.5'], ['2', '2'], ['2.5', '2.5'], ['null', undefined]]) {
    const { code, out, err } = run('helm', ['template', 'tagdrift', chart, ...image, '--set', `registries.maxRate=${rate}`]);
    assert.strictEqual(code, 0, err);
    assert.strictEqual(optionOf(podOf(parse(out), 'DaemonSet'), 'max-rate'), said);
  }
});

for (const [what, values, reason] of [
  ['a misspelt value', { node: { distro: 'k3s' } }, /additional properties 'distro' not allowed/],
  ['an unknown distribution', { node: { distribution: 'minikube' } }, /'\/node\/distribution'/],
  ['an unknown source of pods', { pods: 'auto' }, /'\/pods'/],
  ['an unknown action', { actions: { enabled: ['pull'] } }, /'\/actions\/enabled\/0'/],
  ['a relative path', { node: { extraPaths: ['certs'] } }, /'\/node\/extraPaths\/0'/],
  ['no image', { image: {} }, /build the image, push it to your registry and name it/],
  ['half a digest', { image: { repository: 'r', digest: 'sha256:12' } }, /'\/image\/digest'/],
  ['TLS that everybody of the authority may read', { tls: { enabled: true, secretName: 's' } }, /'\/tls\/readers'/],
  ['TLS without a certificate', { tls: { enabled: true, readers: ['*'] } }, /'\/tls\/secretName'/],
  ['a Job for no node', { job: { enabled: true } }, /--set job\.node=NODE/],
  ['a rate that is no number', { registries: { maxRate: 'fast' } }, /'\/registries\/maxRate'/],
  ['a rate of nothing', { registries: { maxRate: '0' } }, /'\/registries\/maxRate'/],
  ['a PodMonitor of no metrics', { metrics: { enabled: false }, monitoring: { podMonitor: { enabled: true } } },
    /monitoring\.podMonitor scrapes the agents' metrics: metrics\.enabled has to be true/],
  ['one port for metrics and health', { health: { port: 9614 } }, /metrics\.port and health\.port are both 9614/],
  ['one port for health and gRPC', { health: { port: 9616 }, ...switches['TLS of a Secret'] },
    /health\.port and tls\.port are both 9616/],
]) {
  test(`refused: ${what}`, () => assert.throws(() => render(values), { message: reason }));
}

test('the chart\'s version is the program\'s', () => {
  const { version, appVersion } = parse(fs.readFileSync(path.join(chart, 'Chart.yaml'), 'utf8'))[0];
  assert.deepStrictEqual([version, appVersion].map((each) => `tagdrift ${each}\n`), Array(2).fill(run(binary, ['--version']).out));
});

test('deploy/tagdrift.yaml is the chart\'s defaults', () => {
  const rendered = path.join(scratch, 'tagdrift.yaml');
  assert.strictEqual(run(path.join(root, 'deploy/render.sh'), [rendered]).code, 0);
  const committed = fs.readFileSync(path.join(root, 'deploy/tagdrift.yaml'), 'utf8');
  assert.ok(committed === fs.readFileSync(rendered, 'utf8'), 'run deploy/render.sh with the lab\'s helm');
});
