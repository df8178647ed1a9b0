#include "tagdrift/node/cri_actions.h"

#include <utility>

#include "actions_grpc.h"
#include "rpc.h"
#include "runtime/v1/api.grpc.pb.h"

namespace tagdrift::node {
namespace {

using runtime::v1::ImageService;

struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel) : images(ImageService::NewStub(channel)) {}

  std::unique_ptr<ImageService::Stub> images;
};

class GrpcCriActions final : public CriActions {
 public:
  GrpcCriActions(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit)
      : stubs_(std::move(connection)), limit_(limit) {}

  absl::StatusOr<std::string> PullImage(const std::string& reference, const std::optional<PullCredential>& credential,
                                        const CallContext& context) override {
    runtime::v1::PullImageRequest request;
    request.mutable_image()->set_image(reference);
    if (credential) {
      runtime::v1::AuthConfig& auth = *request.mutable_auth();
      auth.set_username(credential->username);
      auth.set_password(credential->password);
      auth.set_identity_token(credential->identity_token);
      auth.set_server_address(credential->server_address);
    }
    const auto stubs = stubs_.Get();
    Rpc rpc("pulling " + reference, context, kLongestCall);
    auto response = Call<runtime::v1::PullImageResponse>(*stubs->images, &ImageService::Stub::PullImage, request, rpc);
    if (!response.ok()) return response.status();
    return response->image_ref();
  }

  absl::Status RemoveImage(const std::string& id, const CallContext& context) override {
    runtime::v1::RemoveImageRequest request;
    request.mutable_image()->set_image(id);
    const auto stubs = stubs_.Get();
    Rpc rpc("removing image " + id, context, limit_);
    return Call<runtime::v1::RemoveImageResponse>(*stubs->images, &ImageService::Stub::RemoveImage, request, rpc)
        .status();
  }

 private:
  StubsOn<Stubs> stubs_;
  std::chrono::nanoseconds limit_;
};

}  // namespace

std::unique_ptr<CriActions> MakeCriActions(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit) {
  return std::make_unique<GrpcCriActions>(std::move(connection), limit);
}

}  // namespace tagdrift::node
