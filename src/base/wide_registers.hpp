// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace regctl {

/// To be called after functions of ISA-L. Its version 2.30 leaves the upper halves of the
/// processor's vector registers in use, and the SHA-256 that follows then takes a third longer
/// (libcrypto 3.0 on an AMD EPYC).
void leave_wide_registers() noexcept;

} // namespace regctl
