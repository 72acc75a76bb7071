"""What people ask and change from chat: verbs and buttons, the same on every platform.

:mod:`bot.commands.core` knows no platform: a :class:`~bot.commands.request.Request` in, a
:class:`~bot.commands.reply.Reply` out. The bindings (``slack``, ``discord``) acknowledge, turn what was typed or
clicked into a request, and show the reply.
"""
