{{- /* What looks at a node needs: its files and the runtime's socket below /host, and nothing it could change there. */ -}}

{{- define "tagdrift.hostRoot" -}}/host{{- end -}}

{{- /* Places of the distributions, as YAML. `configuration`: directories besides node.paths. */ -}}
{{- define "tagdrift.places" -}}
standard: {socket: /run/containerd/containerd.sock, configuration: [], images: /var/lib/containerd, kubelet: /var/lib/kubelet}
k3s:
  socket: /run/k3s/containerd/containerd.sock
  configuration: [/var/lib/rancher/k3s/agent/etc]
  images: /var/lib/rancher/k3s/agent/containerd
  kubelet: /var/lib/kubelet
rke2:
  socket: /run/k3s/containerd/containerd.sock
  configuration: [/var/lib/rancher/rke2/agent/etc]
  images: /var/lib/rancher/rke2/agent/containerd
  kubelet: /var/lib/kubelet
microk8s:
  socket: /var/snap/microk8s/common/run/containerd.sock
  configuration: [/var/snap/microk8s]  # config_path names the snap's revision by number
  images: /var/snap/microk8s/common/var/lib/containerd
  kubelet: /var/snap/microk8s/common/var/lib/kubelet
crio: {socket: /run/crio/crio.sock, configuration: [], images: /var/lib/containers, kubelet: /var/lib/kubelet}
{{- end -}}

{{- define "tagdrift.socket" -}}
{{- $places := get (include "tagdrift.places" . | fromYaml) .Values.node.distribution -}}
{{- default $places.socket .Values.node.runtimeSocket -}}
{{- end -}}

{{- /* The node's directories that are mounted read-only, as a YAML list of {name, from, at}. None that is seen through another one: an API
server refuses a place that is mounted twice. */ -}}
{{- define "tagdrift.mounts" -}}
{{- $places := get (include "tagdrift.places" . | fromYaml) .Values.node.distribution -}}
{{- $wanted := list -}}
{{- if ne .Values.pods "none" -}}
{{- $wanted = append $wanted (dict "name" "kubelet" "from" $places.kubelet "at" "/var/lib/kubelet") -}}
{{- end -}}
{{- $socketDir := include "tagdrift.socket" . | dir -}}
{{- $wanted = append $wanted (dict "name" "runtime" "from" $socketDir "at" $socketDir) -}}
{{- range $index, $path := concat .Values.node.paths $places.configuration .Values.node.extraPaths -}}
{{- $wanted = append $wanted (dict "name" (printf "node-%d" $index) "from" $path "at" $path) -}}
{{- end -}}
{{- if .Values.actions.enabled -}}
{{- $images := default $places.images .Values.actions.imageDir -}}
{{- $wanted = append $wanted (dict "name" "images" "from" $images "at" $images) -}}
{{- end -}}
{{- $mounts := list -}}
{{- range $index, $mount := $wanted -}}
{{- $seen := false -}}
{{- range $otherIndex, $other := $wanted -}}
{{- $below := hasPrefix (printf "%s/" $other.at) $mount.at -}}
{{- if and $below (eq $mount.from (printf "%s%s" $other.from (trimPrefix $other.at $mount.at))) -}}
{{- $seen = true -}}
{{- else if and (eq $mount.at $other.at) (lt $otherIndex $index) -}}
{{- $seen = true -}}
{{- end -}}
{{- end -}}
{{- if not $seen -}}
{{- $mounts = append $mounts $mount -}}
{{- end -}}
{{- end -}}
{{- toYaml $mounts -}}
{{- end -}}

{{- define "tagdrift.nodeVolumes" -}}
{{- range include "tagdrift.mounts" . | fromYamlArray }}
- name: {{ .name }}
  hostPath:
    path: {{ .from }}
{{- end }}
{{- with .Values.registries.pullSecrets }}
- name: pull-secrets
  projected:
    defaultMode: 256  # 0400
    sources:
      {{- range . }}
      - secret:
          name: {{ . }}
          items:
            - key: .dockerconfigjson
              path: {{ . }}/.dockerconfigjson
      {{- end }}
{{- end }}
{{- end -}}

{{- /* Propagated from the node: else the pod would hold on to what containers had mounted there when it began. */ -}}
{{- define "tagdrift.nodeMounts" -}}
{{- $root := include "tagdrift.hostRoot" . -}}
{{- $propagation := .Values.node.mountPropagation -}}
{{- range include "tagdrift.mounts" . | fromYamlArray }}
- name: {{ .name }}
  mountPath: {{ $root }}{{ .at }}
  readOnly: true
  mountPropagation: {{ $propagation }}
{{- end }}
{{- if .Values.registries.pullSecrets }}
- name: pull-secrets
  mountPath: /var/run/secrets/pull
  readOnly: true
{{- end }}
{{- end -}}

{{- /* Options that serve and check have in common. */ -}}
{{- define "tagdrift.nodeArguments" -}}
- --host-root={{ include "tagdrift.hostRoot" . }}
- --runtime-endpoint=unix://{{ include "tagdrift.hostRoot" . }}{{ include "tagdrift.socket" . }}
{{- with .Values.node.containerdConfig }}
- --containerd-config={{ . }}
{{- end }}
- --pods-from={{ .Values.pods }}
{{- with .Values.registries.maxRate }}
- --max-rate={{ . }}
{{- end }}
{{- with .Values.registries.contact }}
- {{ printf "--contact=%s" . | quote }}
{{- end }}
{{- range .Values.registries.ignore }}
- {{ printf "--ignore=%s" . | quote }}
{{- end }}
{{- range $registry, $url := .Values.registries.origins }}
- {{ printf "--origin=%s=%s" $registry $url | quote }}
{{- end }}
{{- if .Values.registries.pullSecrets }}
- --pull-secrets=/var/run/secrets/pull
{{- end }}
{{- range .Values.registries.shareCredentials }}
- {{ printf "--share-credentials=%s" . | quote }}
{{- end }}
- --log-format={{ .Values.logFormat }}
{{- end -}}

{{- define "tagdrift.nodeEnvironment" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: HOST_IP
  valueFrom:
    fieldRef:
      fieldPath: status.hostIP
{{- $secret := .Values.node.proxy.existingSecret }}
{{- range $variable, $key := dict "HTTP_PROXY" "http" "HTTPS_PROXY" "https" "NO_PROXY" "noProxy" }}
{{- $value := get $.Values.node.proxy $key }}
{{- if $secret }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $variable }}
      optional: true
{{- else if $value }}
- name: {{ $variable }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "tagdrift.podSecurity" -}}
hostNetwork: true
dnsPolicy: Default
{{- $groups := compact (list .Values.access.readerGroup .Values.access.operatorGroup) | uniq }}
{{- if or .Values.seLinuxOptions $groups }}
securityContext:
  {{- with .Values.seLinuxOptions }}
  seLinuxOptions:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $groups }}
  # Without capabilities a file can be given to a group of one's own only.
  supplementalGroups:
    {{- range . }}
    - {{ int64 . }}
    {{- end }}
  {{- end }}
{{- end }}
enableServiceLinks: false
automountServiceAccountToken: {{ ne .Values.pods "none" }}
serviceAccountName: {{ include "tagdrift.serviceAccountName" . }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* User 0 without capabilities: the socket belongs to root, and that is all root is needed for. */ -}}
{{- define "tagdrift.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
privileged: false
readOnlyRootFilesystem: true
runAsGroup: 0
runAsUser: 0
seccompProfile:
  type: RuntimeDefault
{{- end -}}
