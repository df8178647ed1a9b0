#include "all_calls.h"

#include <optional>
#include <utility>

namespace tagdrift::node {
namespace {

const image::Digest& SomeDigest() {
  static const image::Digest digest = image::Digest::OfBytes("nothing has these bytes");
  return digest;
}

const char* const kName = "none.test/nothing:1";
const char* const kId = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

ImageRecord SomeTarget() {
  return {.target_digest = SomeDigest().text(), .target_media_type = "application/vnd.oci.image.manifest.v1+json"};
}

/// Of a name that containerd takes for none.
ImageRecord SomeNamed() {
  ImageRecord record = SomeTarget();
  record.name = "";
  return record;
}

Lease SomeLease() { return {"tagdrift-test-none", {}, absl::FromUnixSeconds(2'000'000'000)}; }

absl::Status ReadOneOfMany(ContainerdClient& containerd, const CallContext& context) {
  absl::Status status = absl::UnknownError("nothing was read");
  std::optional<image::Digest> next = SomeDigest();
  containerd.ReadMany([&] { return std::exchange(next, std::nullopt); },
                      [&](const image::Digest&, const absl::StatusOr<std::string>& bytes) { status = bytes.status(); },
                      10, context);
  return status;
}

}  // namespace

const std::vector<NamedCall>& AllCalls() {
  using C = RuntimeClients;
  using X = const CallContext;
  static const std::vector<NamedCall> calls = {
      {"CriClient::Version", [](C& c, X& x) { return c.cri->Version(x).status(); }},
      {"CriClient::Status", [](C& c, X& x) { return c.cri->Status(x).status(); }},
      {"CriClient::ListImages", [](C& c, X& x) { return c.cri->ListImages(x).status(); }},
      {"CriClient::ImageStatus", [](C& c, X& x) { return c.cri->ImageStatus(kName, x).status(); }},
      {"CriClient::ListContainers", [](C& c, X& x) { return c.cri->ListContainers(x).status(); }},
      {"CriClient::ListPodSandbox", [](C& c, X& x) { return c.cri->ListPodSandbox(x).status(); }},
      {"CriClient::ImageFsInfo", [](C& c, X& x) { return c.cri->ImageFsInfo(x).status(); }},
      {"CriActions::PullImage", [](C& c, X& x) { return c.cri_actions->PullImage(kName, {}, x).status(); }, false},
      {"CriActions::RemoveImage", [](C& c, X& x) { return c.cri_actions->RemoveImage(kId, x); }},
      {"ContainerdClient::Version", [](C& c, X& x) { return c.containerd->Version(x).status(); }},
      {"ContainerdClient::ListImages", [](C& c, X& x) { return c.containerd->ListImages(x).status(); }},
      {"ContainerdClient::GetImage", [](C& c, X& x) { return c.containerd->GetImage(kName, x).status(); }},
      {"ContainerdClient::ListContainers", [](C& c, X& x) { return c.containerd->ListContainers(x).status(); }},
      {"ContainerdClient::Info", [](C& c, X& x) { return c.containerd->Info(SomeDigest(), x).status(); }},
      {"ContainerdClient::ListContent", [](C& c, X& x) { return c.containerd->ListContent({}, 10, x).status(); }},
      {"ContainerdClient::Read", [](C& c, X& x) { return c.containerd->Read(SomeDigest(), 10, x).status(); }},
      {"ContainerdClient::ReadMany", [](C& c, X& x) { return ReadOneOfMany(*c.containerd, x); }},
      {"ContainerdActions::CreateName", [](C& c, X& x) { return c.containerd_actions->CreateName(SomeNamed(), x); }},
      {"ContainerdActions::PointTo", [](C& c, X& x) { return c.containerd_actions->PointTo(kName, SomeTarget(), x); }},
      {"ContainerdActions::DeleteName",
       [](C& c, X& x) { return c.containerd_actions->DeleteName(kName, SomeDigest(), x).status(); }},
      {"ContainerdActions::CreateLease", [](C& c, X& x) { return c.containerd_actions->CreateLease(SomeLease(), x); }},
      {"ContainerdActions::DeleteLease",
       [](C& c, X& x) { return c.containerd_actions->DeleteLease(SomeLease().id, x); }},
      {"ContainerdActions::LeasesLabelled",
       [](C& c, X& x) { return c.containerd_actions->LeasesLabelled("none", "none", x).status(); }},
      {"ContainerdActions::CollectGarbage", [](C& c, X& x) { return c.containerd_actions->CollectGarbage(x); }},
      {"ContainerdActions::HoldContent",
       [](C& c, X& x) { return c.containerd_actions->HoldContent("none", SomeDigest(), x); }},
      {"ContainerdActions::HasSnapshot",
       [](C& c, X& x) { return c.containerd_actions->HasSnapshot("overlayfs", "none", x).status(); }},
      {"ContainerdActions::Ingests", [](C& c, X& x) { return c.containerd_actions->Ingests(x).status(); }},
      {"ContainerdActions::WatchImages", [](C& c, X& x) { return c.containerd_actions->WatchImages(x).status(); }},
  };
  return calls;
}

}  // namespace tagdrift::node
