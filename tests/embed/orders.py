"""An order service that takes goods back."""

from sqlalchemy import create_engine, event, text

from engine import Accepted, Actor, Engine, read_sources

SHOP = Actor(id="shop", roles=("admin", "agent"))
TABLES = (
    "CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, price TEXT, state TEXT)",
    "CREATE TABLE IF NOT EXISTS payments (key TEXT PRIMARY KEY, number TEXT, amount INTEGER)",
)


def open_database(path):
    database = create_engine(f"sqlite:///{path}")

    @event.listens_for(database, "connect")
    def connected(driver, record):
        driver.isolation_level = None  # SQLAlchemy begins, not the driver

    @event.listens_for(database, "begin")
    def begun(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return database


class Orders:
    def __init__(self, path, processes, time=None):
        self.database = open_database(path)
        with self.database.begin() as connection:
            Engine.install(connection)  # the engine's tables beside ours; first, so that others who start now wait here
            for table in TABLES:
                connection.execute(text(table))
        self.engine = Engine.open(str(path), time=time)
        self.engine.publish(read_sources(processes), "takeback", actor=SHOP)
        self.engine.on("pay_back", self.pay_back)

    def close(self):
        self.engine.close()
        self.database.dispose()

    def sell(self, number, price):
        with self.database.begin() as connection:
            row = {"number": number, "price": price}
            connection.execute(text("INSERT OR IGNORE INTO orders VALUES (:number, :price, 'sold')"), row)

    def ask_back(self, number, *, agent, request=None):
        """Open the case and mark the order: both or neither."""
        with self.database.begin() as connection:
            answer = self.engine.inside(connection).open_case("takeback", {"order": number}, actor=agent, key=request)
            if isinstance(answer, Accepted) and not answer.is_repeat:
                change = text("UPDATE orders SET state = 'coming back' WHERE number = :number")
                if connection.execute(change, {"number": number}).rowcount != 1:
                    raise LookupError(f"there is no order {number}")
        self.engine.committed()
        return answer

    def grant(self, case, refund, *, agent):
        with self.database.begin() as connection:
            step = self.engine.inside(connection)
            number = {"number": step.case(case).data["order"]}
            price = connection.execute(text("SELECT price FROM orders WHERE number = :number"), number).scalar()
            answer = step.act(case, "grant", {"refund": refund}, actor=agent, facts={"price": price})
        self.engine.committed()
        return answer

    def pay_back(self, event):
        """Called by the worker at least once: the key of the event makes it once."""
        with self.database.begin() as connection:
            row = {"key": event.key, "number": event.payload["order"], "amount": event.payload["amount"]}
            connection.execute(text("INSERT OR IGNORE INTO payments VALUES (:key, :number, :amount)"), row)
            self.engine.inside(connection).act(event.case, "paid", actor=SHOP, key=event.key)

    def rows(self, question):
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question))]
