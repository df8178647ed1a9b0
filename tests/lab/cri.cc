#include "cri.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <chrono>
#include <cstdlib>
#include <sstream>

#include "failure.h"
#include "lab_cri.pb.h"
#include "lab_files.h"
#include "process.h"

namespace tagdrift::lab {
namespace {

constexpr int kNodeNetwork = 2;

// A channel for each call, sharing nothing: one that has seen its socket refuse waits seconds before it looks again.
std::shared_ptr<grpc::Channel> Connect(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

template <typename Response, typename Request>
absl::StatusOr<Response> Call(const std::string& endpoint, const std::string& method, const Request& request) {
  const std::string path = "/runtime.v1." + method;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  Response response;
  const auto channel = Connect(endpoint);
  const grpc::Status status = grpc::internal::BlockingUnaryCall<Request, Response, google::protobuf::MessageLite,
                                                                google::protobuf::MessageLite>(
      channel.get(), grpc::internal::RpcMethod(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC), &context, request,
      &response);
  if (status.ok()) return response;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), method + ": " + status.error_message());
}

CriImage FromWire(const cri::Image& image) {
  return {image.id(),
          {image.repo_tags().begin(), image.repo_tags().end()},
          {image.repo_digests().begin(), image.repo_digests().end()}};
}

cri::PodSandboxConfig SandboxConfig(const PodSpec& spec) {
  cri::PodSandboxConfig config;
  config.mutable_metadata()->set_name(spec.name);
  config.mutable_metadata()->set_namespace_(spec.pod_namespace);
  config.mutable_metadata()->set_uid("uid-" + spec.name);
  config.set_log_directory(LabRoot() + "/pods/" + spec.name);
  config.mutable_labels()->insert({{"io.kubernetes.pod.name", spec.name},
                                   {"io.kubernetes.pod.namespace", spec.pod_namespace},
                                   {"io.kubernetes.pod.uid", "uid-" + spec.name}});
  const char* group = std::getenv("TAGDRIFT_LAB_CGROUP");
  config.mutable_linux()->set_cgroup_parent(std::string("/") + (group == nullptr ? "tagdrift-lab-0" : group));
  config.mutable_linux()->mutable_security_context()->mutable_namespace_options()->set_network(kNodeNetwork);
  return config;
}

cri::ContainerConfig ContainerConfigOf(const PodSpec& spec) {
  cri::ContainerConfig config;
  config.mutable_metadata()->set_name(ContainerName(spec));
  config.mutable_image()->set_image(spec.image_id);
  config.mutable_image()->set_user_specified_image(spec.requested);
  config.mutable_labels()->insert({{"io.kubernetes.container.name", ContainerName(spec)},
                                   {"io.kubernetes.pod.name", spec.name},
                                   {"io.kubernetes.pod.namespace", spec.pod_namespace},
                                   {"io.kubernetes.pod.uid", "uid-" + spec.name}});
  config.set_log_path("0.log");
  config.mutable_linux()->mutable_security_context()->mutable_namespace_options()->set_network(kNodeNetwork);
  return config;
}

/// Answers the container's id.
absl::StatusOr<std::string> StartContainer(const std::string& endpoint, const std::string& sandbox_id,
                                           const PodSpec& spec) {
  cri::CreateContainerRequest container;
  container.set_pod_sandbox_id(sandbox_id);
  *container.mutable_config() = ContainerConfigOf(spec);
  *container.mutable_sandbox_config() = SandboxConfig(spec);
  const auto created = Call<cri::CreateContainerResponse>(endpoint, "RuntimeService/CreateContainer", container);
  if (!created.ok()) return created.status();

  cri::ContainerRequest start;
  start.set_container_id(created->container_id());
  const auto started = Call<cri::Empty>(endpoint, "RuntimeService/StartContainer", start);
  if (!started.ok()) return started.status();
  return created->container_id();
}

}  // namespace

std::string ContainerName(const PodSpec& spec) { return spec.container.empty() ? spec.name : spec.container; }

Cri::Cri(const std::string& endpoint) : endpoint_(endpoint) {}

absl::StatusOr<std::string> Cri::Version() {
  const auto answer = Call<cri::VersionResponse>(endpoint_, "RuntimeService/Version", cri::VersionRequest());
  if (!answer.ok()) return answer.status();
  return answer->runtime_version();
}

absl::StatusOr<std::string> Cri::Pull(const std::string& reference, bool password) {
  cri::PullImageRequest request;
  request.mutable_image()->set_image(reference);
  if (password) {
    request.mutable_auth()->set_username("lab");
    request.mutable_auth()->set_password("lab-secret");
  }
  const auto answer = Call<cri::PullImageResponse>(endpoint_, "ImageService/PullImage", request);
  if (!answer.ok()) return answer.status();
  return answer->image_ref();
}

absl::Status Cri::Remove(const std::string& reference) {
  cri::RemoveImageRequest request;
  request.mutable_image()->set_image(reference);
  return Call<cri::Empty>(endpoint_, "ImageService/RemoveImage", request).status();
}

absl::StatusOr<std::optional<CriImage>> Cri::ImageStatus(const std::string& reference) {
  cri::ImageStatusRequest request;
  request.mutable_image()->set_image(reference);
  const auto answer = Call<cri::ImageStatusResponse>(endpoint_, "ImageService/ImageStatus", request);
  if (!answer.ok()) return answer.status();
  if (!answer->has_image()) return std::nullopt;
  return FromWire(answer->image());
}

absl::StatusOr<std::vector<CriImage>> Cri::ListImages() {
  const auto answer = Call<cri::ListImagesResponse>(endpoint_, "ImageService/ListImages", cri::ListImagesRequest());
  if (!answer.ok()) return answer.status();
  std::vector<CriImage> images;
  for (const cri::Image& image : answer->images()) images.push_back(FromWire(image));
  return images;
}

absl::StatusOr<Pod> Cri::Run(const PodSpec& spec) {
  cri::RunPodSandboxRequest sandbox;
  *sandbox.mutable_config() = SandboxConfig(spec);
  const auto made = Call<cri::RunPodSandboxResponse>(endpoint_, "RuntimeService/RunPodSandbox", sandbox);
  if (!made.ok()) return made.status();

  Pod pod{made->pod_sandbox_id(), "", sandbox.config().log_directory() + "/0.log"};
  absl::StatusOr<std::string> container = StartContainer(endpoint_, pod.sandbox_id, spec);
  if (!container.ok()) {
    Remove(pod).IgnoreError();
    return container.status();
  }
  pod.container_id = *std::move(container);
  return pod;
}

absl::Status Cri::Remove(const Pod& pod) {
  cri::PodSandboxRequest request;
  request.set_pod_sandbox_id(pod.sandbox_id);
  const auto stopped = Call<cri::Empty>(endpoint_, "RuntimeService/StopPodSandbox", request);
  if (!stopped.ok()) return stopped.status();
  return Call<cri::Empty>(endpoint_, "RuntimeService/RemovePodSandbox", request).status();
}

std::string FirstLine(const Pod& pod) {
  std::string line;
  WaitFor("output of the container in " + pod.log_file, [&] {
    const std::string log = ReadFile(pod.log_file);
    line = log.substr(0, log.find('\n'));
    return line.size() < log.size();
  });
  std::istringstream words(line);
  std::string time;
  std::string stream;
  std::string flag;
  words >> time >> stream >> flag >> std::ws;
  std::string text;
  std::getline(words, text);
  return text;
}

}  // namespace tagdrift::lab
