#pragma once

#include <optional>

#include "registry/auth/challenge.h"
#include "registry/http/http_message.h"
#include "tagdrift/hosts/answer.h"

namespace tagdrift::registry {

/// What serves a host, by the headers of its answer and the challenge that was met before it, if any.
hosts::Product ProductOf(const HttpResponse& response, const std::optional<Challenge>& challenge);

}  // namespace tagdrift::registry
