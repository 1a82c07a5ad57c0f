// One file of texts per area of the page.
import accounts from "./accounts.json";
import administration from "./administration.json";
import app from "./app.json";
import audit from "./audit.json";
import calendar from "./calendar.json";
import checks from "./checks.json";
import customers from "./customers.json";
import disputes from "./disputes.json";
import flow from "./flow.json";
import glossary from "./glossary.json";
import identity from "./identity.json";
import imports from "./imports.json";
import inbox from "./inbox.json";
import ledgers from "./ledgers.json";
import lists from "./lists.json";
import loan from "./loan.json";
import loanList from "./loan_list.json";
import nightly from "./nightly.json";
import payments from "./payments.json";
import portfolio from "./portfolio.json";
import rules from "./rules.json";
import searchTexts from "./search.json";
import signals from "./signals.json";
import table from "./table.json";
import unmasking from "./unmasking.json";
import warnings from "./warnings.json";
import words from "./words.json";
import workbench from "./workbench.json";

export default {
  ...app,
  ...words,
  ...loanList,
  ...table,
  ...portfolio,
  ...ledgers,
  ...loan,
  ...flow,
  ...disputes,
  ...accounts,
  ...payments,
  ...identity,
  ...workbench,
  ...inbox,
  ...administration,
  ...calendar,
  ...imports,
  ...nightly,
  ...unmasking,
  ...warnings,
  ...checks,
  ...glossary,
  ...rules,
  ...lists,
  ...signals,
  ...customers,
  ...searchTexts,
  ...audit,
};
