"""Chinese words for the messages that the code writes in English: errors, refusals, reasons inside alarms.

The English sentence stays where it is raised. `in_chinese` finds the template that a finished sentence was made from and
says the same in Chinese. The same text always gives the same answer.
"""

from loantrail.wording.catalogue import in_chinese, request_in_chinese

__all__ = ["in_chinese", "request_in_chinese"]
