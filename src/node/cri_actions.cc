#include "tagdrift/node/cri_actions.h"

#include <utility>

#include "actions_grpc.h"
#include "rpc.h"
#include "runtime/v1/api.grpc.pb.h"

namespace tagdrift::node {
namespace {

using runtime::v1::ImageService;

class GrpcCriActions final : public CriActions {
 public:
  GrpcCriActions(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : images_(ImageService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<std::string> PullImage(const std::string& reference, const std::optional<PullCredential>& credential,
                                        absl::Duration timeout, std::stop_token stop) override {
    runtime::v1::PullImageRequest request;
    request.mutable_image()->set_image(reference);
    if (credential) {
      runtime::v1::AuthConfig& auth = *request.mutable_auth();
      auth.set_username(credential->username);
      auth.set_password(credential->password);
      auth.set_identity_token(credential->identity_token);
      auth.set_server_address(credential->server_address);
    }
    grpc::ClientContext context;
    const std::stop_callback cancel(std::move(stop), [&context] { context.TryCancel(); });
    auto response = Call<runtime::v1::PullImageResponse>(*images_, &ImageService::Stub::PullImage, context, request,
                                                         "pulling " + reference, timeout);
    if (!response.ok()) return response.status();
    return response->image_ref();
  }

  absl::Status RemoveImage(const std::string& id) override {
    runtime::v1::RemoveImageRequest request;
    request.mutable_image()->set_image(id);
    grpc::ClientContext context;
    return Call<runtime::v1::RemoveImageResponse>(*images_, &ImageService::Stub::RemoveImage, context, request,
                                                  "removing image " + id, timeout_)
        .status();
  }

 private:
  std::unique_ptr<ImageService::Stub> images_;
  absl::Duration timeout_;
};

}  // namespace

std::unique_ptr<CriActions> MakeCriActions(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout) {
  return std::make_unique<GrpcCriActions>(channel, timeout);
}

}  // namespace tagdrift::node
