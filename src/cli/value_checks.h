#pragma once

#include <string>

namespace tagdrift::cli {

// Checks of one value of an option, for CLI11's `check`. Each says what is wrong with it; empty: nothing.

std::string PatternTrouble(const std::string& pattern);
/// Of REGISTRY=URL.
std::string OriginTrouble(const std::string& value);
/// Of a group's name or number.
std::string GroupTrouble(const std::string& group);
/// Of HOST:PORT to listen at.
std::string AddressTrouble(const std::string& address);
/// The same, where there may be `off` instead.
std::string AddressOrOffTrouble(const std::string& address);

}  // namespace tagdrift::cli
