{{- define "tagdrift.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tagdrift.fullname" -}}
{{- $name := include "tagdrift.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tagdrift.serviceAccountName" -}}
{{- $own := ternary (include "tagdrift.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{- define "tagdrift.selector" -}}
app.kubernetes.io/name: {{ include "tagdrift.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tagdrift.labels" -}}
{{ include "tagdrift.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "tagdrift.image" -}}
{{- $example := "image.repository=registry.corp/tools/tagdrift,image.digest=sha256:…" -}}
{{- $how := printf "build the image, push it to your registry and name it: --set %s" $example -}}
{{- $repository := required $how .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" $repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" $repository (required $how .Values.image.tag) }}
{{- end -}}
{{- end -}}

{{- define "tagdrift.tlsSecretName" -}}
{{- default (printf "%s-tls" (include "tagdrift.fullname" .)) .Values.tls.secretName -}}
{{- end -}}

{{- /* What a schema cannot say. */ -}}
{{- define "tagdrift.checkPorts" -}}
{{- if and .Values.monitoring.podMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "monitoring.podMonitor scrapes the agents' metrics: metrics.enabled has to be true" -}}
{{- end -}}
{{- $taken := dict -}}
{{- range $name := list "metrics" "health" "tls" -}}
{{- $values := get $.Values $name -}}
{{- if dig "enabled" true $values -}}
{{- $port := $values.port | int64 | toString -}}
{{- with get $taken $port -}}
{{- fail (printf "%s.port and %s.port are both %s: each needs its own" . $name $port) -}}
{{- end -}}
{{- $_ := set $taken $port $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
