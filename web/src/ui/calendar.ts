// The names of months and days in the calendars of both languages; registers them, chooses none.
import "dayjs/locale/en-gb";
import "dayjs/locale/zh-cn";
