#include "tagdrift/remote/client.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "connection.h"
#include "rpc.h"
#include "tagdrift/report/printable.h"

namespace tagdrift::remote {
namespace {

/// 5,000 tags are 6 MiB: so many stay far below the 4 MiB that gRPC takes by default.
constexpr std::int32_t kPageSize = 500;
constexpr std::size_t kMaxReportBytes = std::size_t{256} << 20;
constexpr int kAttempts = 4;

/// One unary call: `(stub.*method)(context, request, &response)`.
template <typename Response, typename Method, typename Request>
absl::StatusOr<Response> Call(Connection& connection, Method method, const Request& request,
                              const CallContext& context) {
  Rpc rpc(connection.address(), context);
  if (absl::Status status = rpc.Begin(); !status.ok()) return status;
  const auto stubs = connection.GetStubs();
  if (!stubs.ok()) return stubs.status();
  Response response;
  const grpc::Status status = ((*stubs)->reading.get()->*method)(&rpc.context(), request, &response);
  if (!status.ok()) return rpc.Explain(status);
  report::MakePrintable(response);
  return response;
}

/// All pages, joined; a round that `request` wants is made once. Errors: Aborted where the report changes meanwhile.
absl::StatusOr<v1::GetReportResponse> ReadPages(Connection& connection, v1::GetReportRequest& request,
                                                const CallContext& context) {
  std::optional<v1::GetReportResponse> whole;
  std::size_t bytes = 0;
  request.clear_page_token();
  do {
    auto page = Call<v1::GetReportResponse>(connection, &v1::NodeCache::Stub::GetReport, request, context);
    if (!page.ok()) return page.status();
    request.clear_refresh();
    request.set_page_token(page->next_page_token());
    bytes += page->ByteSizeLong();
    if (bytes > kMaxReportBytes) {
      return absl::ResourceExhaustedError(fmt::format("agent {}: its report is larger than {} MiB, tagdrift's limit",
                                                      connection.address().text, kMaxReportBytes >> 20));
    }
    if (!whole) {
      whole = *std::move(page);
    } else {
      auto& tags = *whole->mutable_report()->mutable_tags();
      for (v1::TagReport& tag : *page->mutable_report()->mutable_tags()) *tags.Add() = std::move(tag);
    }
  } while (!request.page_token().empty());
  whole->clear_next_page_token();
  return *std::move(whole);
}

}  // namespace

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Client::~Client() = default;
Client::Client(Client&& other) noexcept = default;
Client& Client::operator=(Client&& other) noexcept = default;

Client Client::Connect(Address address) { return Client(std::make_unique<Connection>(std::move(address))); }

absl::StatusOr<v1::GetReportResponse> Client::GetReport(v1::GetReportRequest request, const CallContext& context) {
  request.set_page_size(kPageSize);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto report = ReadPages(*connection_, request, context);
    if (!absl::IsAborted(report.status())) return report;
  }
  return absl::AbortedError(fmt::format("agent {}: its report changed each of {} times that it was read; try again",
                                        connection_->address().text, kAttempts));
}

absl::StatusOr<v1::NodeReport> Client::Explain(const v1::ExplainRequest& request, const CallContext& context) {
  auto response = Call<v1::ExplainResponse>(*connection_, &v1::NodeCache::Stub::Explain, request, context);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_report());
}

absl::StatusOr<v1::MirrorsReport> Client::ListRegistries(const v1::ListRegistriesRequest& request,
                                                         const CallContext& context) {
  auto response =
      Call<v1::ListRegistriesResponse>(*connection_, &v1::NodeCache::Stub::ListRegistries, request, context);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_report());
}

absl::StatusOr<v1::ImageList> Client::ListImages(const v1::ListImagesRequest& request, const CallContext& context) {
  auto response = Call<v1::ListImagesResponse>(*connection_, &v1::NodeCache::Stub::ListImages, request, context);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_images());
}

}  // namespace tagdrift::remote
