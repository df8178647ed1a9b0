#pragma once

#include "archive.h"
#include "image_fields.h"
#include "tagdrift/facts/node_facts.h"

namespace tagdrift::record {

void Fields(auto& archive, Of<facts::Runtime> auto& runtime) {
  archive("name", runtime.name);
  archive("version", runtime.version);
  archive("has_image_store", runtime.has_image_store);
  archive("store_error", runtime.store_error);
}

void Fields(auto& archive, Of<facts::Container> auto& container) {
  archive("id", container.id);
  archive("name", container.name);
  archive("sandbox_id", container.sandbox_id);
  archive("pod_namespace", container.pod_namespace);
  archive("pod_name", container.pod_name);
  archive("pod_uid", container.pod_uid);
  archive("state", container.state);
  archive("attempt", container.attempt);
  archive("created_at", container.created_at);
  archive("image", container.image);
  archive("user_specified_image", container.user_specified_image);
  archive("image_ref", container.image_ref);
  archive("image_id", container.image_id);
  archive("recorded_image", container.recorded_image);
  archive("labels", container.labels);
  archive("annotations", container.annotations);
}

void Fields(auto& archive, Of<facts::Sandbox> auto& sandbox) {
  archive("id", sandbox.id);
  archive("pod_namespace", sandbox.pod_namespace);
  archive("pod_name", sandbox.pod_name);
  archive("pod_uid", sandbox.pod_uid);
  archive("state", sandbox.state);
  archive("attempt", sandbox.attempt);
  archive("created_at", sandbox.created_at);
  archive("annotations", sandbox.annotations);
}

void Fields(auto& archive, Of<facts::ContainerUse> auto& use) {
  archive("id", use.id);
  archive("name", use.name);
  archive("pod_namespace", use.pod_namespace);
  archive("pod_name", use.pod_name);
  archive("pod_uid", use.pod_uid);
  archive("state", use.state);
  archive("basis", use.basis);
  archive("image_id", use.image_id);
  archive("decides", use.decides);
}

void Fields(auto& archive, Of<facts::StoredImage> auto& image) {
  archive("id", image.id);
  archive("manifest", image.manifest);
  archive("platform", image.platform);
  archive("created", image.created);
  archive("missing", image.missing);
  archive("no_image", image.no_image);
}

void Fields(auto& archive, Of<facts::CachedImage> auto& image) {
  archive("reference", image.reference);
  archive("target", image.target);
  archive("candidates", image.candidates);
  archive("media_type", image.media_type);
  archive("created_at", image.created_at);
  archive("updated_at", image.updated_at);
  archive("cri_image_id", image.cri_image_id);
  archive("stored", image.stored);
  archive("unreadable", image.unreadable);
  archive("provenance", image.provenance);
  archive("sources", image.sources);
  archive("pinned", image.pinned);
  archive("size_bytes", image.size_bytes);
  archive("used_by", image.used_by);
}

void Fields(auto& archive, Of<facts::PodContainer> auto& container) {
  archive("name", container.name);
  archive("role", container.role);
  archive("image", container.image);
  archive("pull_policy", container.pull_policy);
}

void Fields(auto& archive, Of<facts::Controller> auto& controller) {
  archive("api_version", controller.api_version);
  archive("kind", controller.kind);
  archive("name", controller.name);
}

void Fields(auto& archive, Of<facts::Pod> auto& pod) {
  archive("namespace_name", pod.namespace_name);
  archive("name", pod.name);
  archive("uid", pod.uid);
  archive("phase", pod.phase);
  archive("terminating", pod.terminating);
  archive("containers", pod.containers);
  archive("pull_secrets", pod.pull_secrets);
  archive("owner", pod.owner);
  archive("workload", pod.workload);
  archive("config_source", pod.config_source);
  archive("mirror_of", pod.mirror_of);
}

void Fields(auto& archive, Of<facts::Pods> auto& pods) {
  archive("source", pods.source);
  archive("pods", pods.pods);
}

void Fields(auto& archive, Of<facts::PullCredentials> auto& credentials) {
  archive("every_pod", credentials.every_pod);
  archive("secrets", credentials.secrets);
  archive("service_accounts", credentials.service_accounts);
}

void Fields(auto& archive, Of<facts::PullVerification> auto& kubelet) {
  archive("verification", kubelet.verification);
  archive("basis", kubelet.basis);
  archive("policy", kubelet.policy);
  archive("policy_unknown", kubelet.policy_unknown);
  archive("allowlist", kubelet.allowlist);
  archive("pulled", kubelet.pulled);
  archive("pulling", kubelet.pulling);
  archive("records_unreadable", kubelet.records_unreadable);
}

void Fields(auto& archive, Of<facts::Node> auto& node) {
  archive("name", node.name);
  archive("runtime", node.runtime);
  archive("platform", node.platform);
  archive("images", node.images);
  archive("other_digests", node.other_digests);
  archive("containers", node.containers);
  archive("sandboxes", node.sandboxes);
  archive("pods", node.pods);
  archive("pull_verification", node.pull_verification);
  archive("digest_names", node.digest_names);
  archive("unnamed_images", node.unnamed_images);
  archive("notes", node.notes);
}

}  // namespace tagdrift::record
