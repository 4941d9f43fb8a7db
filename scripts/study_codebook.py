# SPDX-License-Identifier: MIT
"""Names and levels of the study's columns, as the scripts that make and merge them use them."""

WAVES = (2017, 2019, 2022)

# Contact in the past six months with…; the first two work inside the institution.
CONTACTS = ("case_manager", "mentor", "probation", "municipality", "care", "volunteer")
# Life domains: work and income, housing, finances, care, a valid identity document.
DOMAINS = ("work", "housing", "finances", "care", "id")
# What partners rate, 1 (poor) to 5 (good). Facilitation is the mean of the first four.
FACILITATION = ("reception", "communication", "information", "facilities")
RATINGS = FACILITATION + ("accessibility",)

# Levels of text columns; the first is the reference in a model.
LEVELS = {
    "sex": ("male", "female"),
    # huis van bewaring, gevangenis, extra zorgvoorziening, inrichting voor stelselmatige
    # daders, (zeer) beperkt beveiligde inrichting, penitentiair psychiatrisch centrum
    "regime": ("HvB", "prison", "EZV", "ISD", "BBI", "PPC"),
    "legal": ("remand", "sentenced", "ISD", "substitute", "other"),
    "offence": ("property", "violence", "drugs", "other"),
}
