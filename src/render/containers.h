#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>
#include <vector>

#include "tagdrift/render/render.h"
#include "trouble.h"

/// Containers in the table.
namespace tagdrift::render {

using Containers = std::vector<const v1::ContainerReport*>;

/// Those that decide first, of these those that need action; then by pod and container.
Containers ByUrgency(const google::protobuf::RepeatedPtrField<v1::ContainerReport>& containers);

/// True for one that counts and gets a row also without --all: it is not as it should be, and its tag does not say so
/// for it.
bool IsListed(const v1::ContainerReport& container);

/// Why it counts nowhere, as " (exited)"; empty: it does.
std::string Aside(const v1::ContainerReport& container);

/// Its pull policy, and what a restart brings by it.
std::string Next(const v1::ContainerReport& container);

/// The rows, with their titles; empty where there are none.
std::string ContainerRows(const Containers& containers, const Style& style, bool wide);

/// What is wrong with the listed ones, once for those that are alike, and what to do besides what the paragraphs of
/// `troubles` say.
std::string ContainerParagraphs(const Containers& containers, const std::vector<Tags>& troubles, std::size_t width);

}  // namespace tagdrift::render
