#pragma once

#include <type_traits>
#include <utility>

#include "tagdrift/facts/tag_history.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/image/manifest.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/report/round.h"

namespace tagdrift::record {

template <class T>
constexpr bool kIsPair = false;
template <class A, class B>
constexpr bool kIsPair<std::pair<A, B>> = true;

/// A value to be read into, also of a type that has none without content.
template <class T>
T Blank() {
  if constexpr (kIsPair<T>) {
    return {Blank<typename T::first_type>(), Blank<typename T::second_type>()};
  } else {
    return T{};
  }
}
template <>
inline image::Digest Blank() {
  return image::Digest::OfBytes("");
}
template <>
inline image::Reference Blank() {
  return *image::Reference::Parse("blank");
}
template <>
inline image::Descriptor Blank() {
  return {.media_type = "", .digest = Blank<image::Digest>()};
}
template <>
inline image::Manifest Blank() {
  return {.media_type = "", .config = Blank<image::Descriptor>(), .layers = {}};
}
template <>
inline image::Document Blank() {
  return Blank<image::Manifest>();
}
template <>
inline hosts::GetAnswer Blank() {
  return {.content_type = "", .digest = Blank<image::Digest>()};
}
template <>
inline facts::ServedDigest Blank() {
  return {.digest = Blank<image::Digest>(), .first_seen = {}, .last_seen = {}};
}
template <>
inline facts::CachedImage Blank() {
  return {.reference = Blank<image::Reference>()};
}
template <>
inline judge::TagFacts Blank() {
  return {.image = Blank<facts::CachedImage>()};
}
template <>
inline judge::WantedImage Blank() {
  return {.digest = Blank<image::Digest>()};
}
template <>
inline report::JudgedTag Blank() {
  return {.facts = Blank<judge::TagFacts>(), .result = {}};
}

}  // namespace tagdrift::record
