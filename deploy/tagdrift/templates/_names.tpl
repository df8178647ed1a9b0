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
