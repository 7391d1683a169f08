// SPDX-License-Identifier: Apache-2.0
#include "ops/transfer/instead.hpp"

#include "ops/transfer/move_items.hpp"

#include <regctl/base/error.hpp>

#include <utility>

namespace regctl::ops {

namespace {

class TransferOrInstead final : public Transfer {
public:
  TransferOrInstead(Session& session, TwoForms forms, RefusedForm& refused)
      : session_(session), forms_(std::move(forms)), refused_(refused),
        is_instead_(refused.is_refused), running_(is_instead_ ? forms_.instead() : forms_.first()) {
  }

  std::vector<Item> items() override { return running()->items(); }
  Moved move(std::size_t index) override { return running()->move(index); }
  void moved_elsewhere(std::size_t index) override { running()->moved_elsewhere(index); }
  void abandon(std::exception_ptr reason) noexcept override {
    running()->abandon(std::move(reason));
  }

  void finish() override {
    try {
      running()->finish();
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unsupported || is_instead_) {
        throw;
      }
    }
    const std::lock_guard turn(refused_.after_refusal);
    const std::shared_ptr<Transfer> instead = forms_.instead();
    {
      const std::lock_guard lock(mutex_);
      running_ = instead;
    }
    move_items(session_, *instead);
    // The refusal was about the form, and not about the tag.
    if (!refused_.is_refused.exchange(true) && forms_.on_refused) {
      forms_.on_refused();
    }
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override { return running()->made(); }

private:
  [[nodiscard]] std::shared_ptr<Transfer> running() const noexcept {
    const std::lock_guard lock(mutex_);
    return running_;
  }

  Session& session_;
  const TwoForms forms_;
  RefusedForm& refused_;
  const bool is_instead_;    ///< from the beginning
  mutable std::mutex mutex_; ///< guards the member below
  std::shared_ptr<Transfer> running_;
};

} // namespace

std::unique_ptr<Transfer> make_transfer_or_instead(Session& session, TwoForms forms,
                                                   RefusedForm& refused) {
  return std::make_unique<TransferOrInstead>(session, std::move(forms), refused);
}

} // namespace regctl::ops
