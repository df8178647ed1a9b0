#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {
namespace {

class Nothing : public CredentialSource {
 public:
  CredentialAnswer Find(std::string_view, std::string_view, const CallContext&) const override { return {}; }
};

}  // namespace

std::unique_ptr<CredentialSource> NoCredentials() { return std::make_unique<Nothing>(); }

}  // namespace tagdrift::registry
